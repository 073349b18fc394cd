"""Colour profiles, against LittleCMS."""

import struct
from io import BytesIO

import colour
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from hdrgen.io.colour import BT709, BT2020, COLOUR_SPACES, DISPLAY_P3, conversion, srgb_decoded, srgb_encoded
from hdrgen.io.metadata.icc import chromaticities_of, display_profile


@pytest.mark.parametrize("space", COLOUR_SPACES)
@pytest.mark.parametrize("linear", [False, True])
def test_round_trip(space, linear):
    assert chromaticities_of(display_profile(space.chromaticities, linear=linear)) == space.chromaticities


def test_a_primary_without_luminance_can_be_converted():
    """In 16 bits behind the point."""
    found = chromaticities_of(display_profile((0.7, 1e-6, *BT2020.chromaticities[2:])))
    assert found is not None
    assert np.isfinite(conversion(found, BT709.chromaticities)).all()


def test_profiles_of_littlecms():
    assert chromaticities_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) == BT709.chromaticities
    assert chromaticities_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()) is None


def test_littlecms_converts_with_it():
    """From Display P3 to sRGB through the profile, as through the matrices of this package."""
    content = display_profile(DISPLAY_P3.chromaticities, name="Display P3")
    display = np.random.default_rng(0).integers(90, 170, (32, 32, 3), dtype=np.uint8)
    found = ImageCms.profileToProfile(
        Image.fromarray(display), ImageCms.ImageCmsProfile(BytesIO(content)), ImageCms.createProfile("sRGB")
    )
    matrix = conversion(DISPLAY_P3.chromaticities, BT709.chromaticities)
    expected = srgb_encoded(srgb_decoded(display / 255) @ matrix.T) * 255
    assert np.abs(np.asarray(found) - expected).max() <= 1.5


def test_littlecms_reads_the_name():
    content = display_profile(BT2020.chromaticities, name="bt2020")
    assert ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(BytesIO(content))).strip() == "bt2020"


@given(st.binary(max_size=300), st.integers(0, 399), st.integers(1, 60))
@settings(max_examples=50)
def test_damaged(noise, start, length):
    whole = display_profile(BT709.chromaticities)
    for content in (noise, whole[:start], whole[:start] + noise + whole[start + length :]):
        found = chromaticities_of(content)
        assert found is None or len(found) == 8


def test_damaged_profile_counts_as_none():
    """Its colorants would be read, but nothing says that they are whole."""
    whole = display_profile(DISPLAY_P3.chromaticities)
    assert chromaticities_of(whole) == DISPLAY_P3.chromaticities
    assert chromaticities_of(whole.replace(b"acsp", b"abcd")) is None
    assert chromaticities_of(whole.replace(b"RGB XYZ", b"\xffGB XYZ")) is None
    assert chromaticities_of(b"") is None


def test_chromaticities_of_a_space_without_a_name_have_four_digits():
    """Those of the file are in units of 1/65536, which is not what was meant."""
    meant = (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3127, 0.329)  # ProPhoto's primaries
    found = chromaticities_of(display_profile(meant))
    assert found == pytest.approx(meant, abs=2e-4)
    assert all(round(value, 4) == value for value in found)


def with_tables(space):
    """A profile that has eight colours of a space in a table (lut8Type, Lab) in place of colorants and curves."""
    white = colour.XYZ_to_xy([0.9642, 1, 0.8249])
    corners = np.array([[r, g, b] for r in (0, 1) for g in (0, 1) for b in (0, 1)], float)
    xyz = colour.RGB_to_XYZ(corners, space, illuminant=white, chromatic_adaptation_transform="Bradford")
    lab = colour.XYZ_to_Lab(xyz, white)
    levels = np.rint([lab[:, 0] * 2.55, lab[:, 1] + 128, lab[:, 2] + 128]).clip(0, 255).T.astype(np.uint8)
    identity = struct.pack(">9i", *(65536 * np.eye(3, dtype=int).ravel()))
    ramp, linear = bytes(range(256)) * 3, bytes(range(256)) * 3
    table = b"mft1" + bytes(4) + bytes((3, 3, 2, 0)) + identity + ramp + levels.tobytes() + linear
    content = display_profile(BT709.chromaticities)
    head = content[:20] + b"Lab " + content[24:128]
    described = content[content.index(b"mluc") :][:60]
    tags, body, at = struct.pack(">I", 3), b"", 128 + 4 + 36
    white_point = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    for name, part in ((b"A2B0", table), (b"wtpt", white_point), (b"desc", described)):
        tags += struct.pack(">4sII", name, at + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    return struct.pack(">I", 128 + len(tags) + len(body)) + head[4:] + tags + body


@pytest.mark.parametrize("name", ["ITU-R BT.709", "Display P3"])
def test_a_profile_with_tables_means_the_colours_in_them(name):
    """Interpolated in Lab, between 0 and the primaries: of the same hue, and nearly as far from grey."""
    expected = colour.RGB_COLOURSPACES[name].primaries
    found = np.array(chromaticities_of(with_tables(name)))
    np.testing.assert_allclose(found[6:], (0.3127, 0.3290), atol=2e-3)
    np.testing.assert_allclose(found[:6].reshape(3, 2), expected, atol=0.06)

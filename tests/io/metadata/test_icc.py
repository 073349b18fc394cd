"""Colour profiles, against LittleCMS."""

from io import BytesIO

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

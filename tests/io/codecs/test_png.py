"""What PNG files say of their colours and curve, against colour-science, LittleCMS, OpenCV and Pillow."""

import struct
import warnings
import zlib
from io import BytesIO

import colour
import cv2
import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageCms

from hdrgen.errors import InputError
from hdrgen.io import (
    BT709,
    BT2020,
    DISPLAY_P3,
    ColourSpace,
    is_hdr_png,
    is_result,
    read_header,
    read_image,
    read_tags,
    write_image,
)
from hdrgen.io.colour import ADOBE_RGB, conversion
from hdrgen.io.metadata.icc import curve_of, display_profile

SCENE = 2.0 ** np.linspace(-6, 5, 64)[None, :, None] * np.array([1.0, 0.6, 0.3]) * np.ones((24, 1, 1))
WEIGHTS = colour.RGB_COLOURSPACES["ITU-R BT.2020"].matrix_RGB_to_XYZ[1]


OF_DISPLAY = display_profile(DISPLAY_P3.chromaticities)


def levels_of(signal, bits=16):
    return np.round(signal * (2**bits - 1)).astype(np.uint16 if bits == 16 else np.uint8)


def written(path, levels, **chunks):
    """By OpenCV, with chunks behind the header, and none of its own that say something of colours."""
    _, encoded = cv2.imencode(".png", np.ascontiguousarray(levels[..., ::-1]))
    content = encoded.tobytes()
    assert b"sRGB" not in content
    assert b"gAMA" not in content
    added = b""
    for name, body in chunks.items():
        kind = name.encode()
        added += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    path.write_bytes(content[:33] + added + content[33:])
    return path


def chrm(chromaticities):
    numbers = (*chromaticities[6:], *chromaticities[:6])
    return struct.pack(">8I", *(round(value * 100_000) for value in numbers))


def gama(value):
    return struct.pack(">I", round(value * 100_000))


def iccp(profile, name=b"a"):
    return name + b"\0\0" + zlib.compress(profile)


def test_pq_is_radiance_of_which_one_is_203_candelas(tmp_path):
    signal = colour.models.eotf_inverse_ST2084(SCENE * 203)
    image = read_image(written(tmp_path / "a.png", levels_of(signal), cICP=bytes((9, 16, 0, 1))))
    assert image.linear
    assert image.pixels.dtype == np.float32
    np.testing.assert_allclose(image.pixels, SCENE, rtol=2e-3)
    assert image.chromaticities == BT2020.chromaticities == read_tags(tmp_path / "a.png").chromaticities
    assert (read_header(tmp_path / "a.png").width, image.pixels.shape) == (64, (24, 64, 3))


def test_pq_in_eight_bits_of_another_space_and_with_less_than_all_levels(tmp_path):
    signal = colour.models.eotf_inverse_ST2084(SCENE * 203)
    image = read_image(written(tmp_path / "a.png", levels_of(signal, 8), cICP=bytes((12, 16, 0, 1))))
    assert np.median(np.abs(np.log2(image.pixels / SCENE))) < 0.03
    assert image.chromaticities == DISPLAY_P3.chromaticities
    video = np.round((signal * 219 + 16) * 256).astype(np.uint16)
    narrow = read_image(written(tmp_path / "b.png", video, cICP=bytes((9, 16, 0, 0))))
    np.testing.assert_allclose(narrow.pixels, SCENE, rtol=2e-3)


@pytest.mark.parametrize("primaries", [9, 12])
def test_hlg_is_the_light_of_a_display_of_a_thousand_candelas(tmp_path, primaries):
    light = SCENE / SCENE.max()
    with np.errstate(invalid="ignore"):  # of its branch that is not taken
        signal = colour.models.oetf_BT2100_HLG(light)
    weights = WEIGHTS if primaries == 9 else colour.RGB_COLOURSPACES["Display P3"].matrix_RGB_to_XYZ[1]
    expected = 1000 * (light @ weights)[..., None] ** 0.2 * light / 203
    with pytest.warns(UserWarning, match="HLG is read as the light of a display of 1000 cd/m2"):
        image = read_image(written(tmp_path / "a.png", levels_of(signal), cICP=bytes((primaries, 18, 0, 1))))
    assert image.linear
    np.testing.assert_allclose(image.pixels, expected, rtol=2e-3, atol=1e-5)
    if primaries == 9:
        reference = colour.models.eotf_BT2100_HLG(signal) / 203
        np.testing.assert_allclose(image.pixels, reference, rtol=3e-3, atol=1e-5)


def linear_profile():
    """As LittleCMS makes one: no curve at all."""
    return display_profile(BT2020.chromaticities, linear=True)


def with_cicp(profile, primaries, curve):
    """A profile with the tag of its version 4.4 in place of the copyright."""
    at = profile.index(b"cprt")
    start, length = struct.unpack(">II", profile[at + 4 : at + 12])
    assert length >= 12
    tag = b"cicp" + bytes(4) + bytes((primaries, curve, 0, 1))
    content = profile[:start] + tag.ljust(length, b"\0") + profile[start + length :]
    return content.replace(b"cprt", b"cicp", 1)


LINEAR = {
    "gamma of one": ({"gAMA": gama(1.0)}, None),
    "gamma of one, and colours": ({"gAMA": gama(1.0), "cHRM": chrm(BT2020.chromaticities)}, BT2020),
    "number 8": ({"cICP": bytes((9, 8, 0, 1))}, BT2020),
    "linear profile": ({"iCCP": iccp(linear_profile())}, BT2020),
    "number 8 before a profile": ({"cICP": bytes((9, 8, 0, 1)), "iCCP": iccp(OF_DISPLAY)}, BT2020),
}  # fmt: skip


@pytest.mark.parametrize("how", LINEAR)
def test_linear_samples_are_radiance(tmp_path, how):
    chunks, space = LINEAR[how]
    light = SCENE / SCENE.max()
    image = read_image(written(tmp_path / "a.png", levels_of(light), **chunks))
    assert image.linear
    assert is_hdr_png(tmp_path / "a.png")
    np.testing.assert_allclose(image.pixels, light, atol=1e-5)
    assert image.chromaticities == (space.chromaticities if space else None)


@pytest.mark.parametrize("name", [b"ITUR_2100_PQ_FULL", b"other"])
def test_pq_of_profiles(tmp_path, name):
    """By the name that stood for it before there was a chunk, and by the profile's own numbers."""
    profile = display_profile(DISPLAY_P3.chromaticities)
    content = profile if name != b"other" else with_cicp(profile, 9, 16)
    signal = colour.models.eotf_inverse_ST2084(SCENE * 203)
    image = read_image(written(tmp_path / "a.png", levels_of(signal), iCCP=iccp(content, name)))
    assert image.linear
    np.testing.assert_allclose(image.pixels, SCENE, rtol=2e-3)
    assert image.chromaticities == BT2020.chromaticities


def with_power(profile, gamma):
    """Its curve as ProPhoto's and Apple's profiles of version 2 have it."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256))
    parts = profile.split(b"para")
    return parts[0] + b"".join(curve + part[len(curve) - 4 :] for part in parts[1:])


PLAIN = {
    "nothing": ({}, None),
    "sRGB": ({"sRGB": b"\0"}, None),
    "sRGB before others": ({"sRGB": b"\0", "gAMA": gama(1.0), "cHRM": chrm(BT2020.chromaticities)}, None),
    "gamma of displays": ({"gAMA": gama(0.45455)}, None),
    "colours": ({"gAMA": gama(0.45455), "cHRM": chrm(ADOBE_RGB.chromaticities)}, ADOBE_RGB.chromaticities),
    "number of sRGB": ({"cICP": bytes((12, 13, 0, 1))}, DISPLAY_P3.chromaticities),
    "number of television": ({"cICP": bytes((1, 1, 0, 1))}, BT709.chromaticities),
    "unknown primaries": ({"cICP": bytes((2, 13, 0, 1)), "cHRM": chrm(BT2020.chromaticities)}, BT2020.chromaticities),
    "profile": ({"iCCP": iccp(OF_DISPLAY), "gAMA": gama(1.0)}, DISPLAY_P3.chromaticities),
    "profile of displays' power": ({"iCCP": iccp(with_power(OF_DISPLAY, 2.19921875))}, DISPLAY_P3.chromaticities),
    "damaged": ({"iCCP": b"a\0\0no zlib", "cICP": b"\x09", "gAMA": b"\0\0\0\0", "cHRM": b"short"}, None),
}  # fmt: skip


@pytest.mark.parametrize("how", PLAIN)
def test_display_values_stay_as_they_are(tmp_path, how):
    chunks, expected = PLAIN[how]
    levels = levels_of(SCENE / SCENE.max() * 0.9, 8)
    image = read_image(written(tmp_path / "a.png", levels, **chunks))
    assert not image.linear
    assert not is_hdr_png(tmp_path / "a.png")
    np.testing.assert_array_equal(image.pixels, levels)
    assert image.chromaticities == (None if expected is None else pytest.approx(expected, abs=1e-4))


OTHER_GAMMAS = {
    "old Apple": ({"gAMA": gama(1 / 1.8)}, 0.55556),
    "nearly linear": ({"gAMA": gama(0.8)}, 0.8),
    "number 5": ({"cICP": bytes((1, 5, 0, 1))}, 1 / 2.8),
    "profile": ({"iCCP": iccp(with_power(OF_DISPLAY, 1.796875))}, 1 / 1.796875),
}


@pytest.mark.parametrize("how", OTHER_GAMMAS)
@pytest.mark.parametrize("bits", [8, 16])
def test_display_values_of_another_gamma_come_with_the_srgb_curve(tmp_path, how, bits):
    chunks, gamma = OTHER_GAMMAS[how]
    levels = levels_of(SCENE / SCENE.max(), bits)
    with pytest.warns(
        UserWarning, match=f"display values of another gamma .{1 / gamma:.3g}.; given with the sRGB curve"
    ):
        image = read_image(written(tmp_path / "a.png", levels, **chunks))
    assert image.pixels.dtype == np.uint16
    expected = (levels / (2**bits - 1)) ** (1 / gamma)
    np.testing.assert_allclose(colour.models.eotf_sRGB(image.as_float()), expected, atol=2e-5)


def test_primaries_without_light_in_a_png(tmp_path):
    """Number 10 is CIE XYZ; in 16 bits linear, its light is that of the BT.709 file."""
    calm = 0.2 + 0.5 * SCENE / SCENE.max()
    light = calm @ colour.RGB_COLOURSPACES["ITU-R BT.709"].matrix_RGB_to_XYZ.T
    path = written(tmp_path / "a.png", levels_of(light), cICP=bytes((10, 8, 0, 1)))
    np.testing.assert_allclose(read_image(path, colour_space=BT709).pixels, calm, rtol=2e-3)


def test_grey_pq_with_alpha(tmp_path):
    signal = levels_of(colour.models.eotf_inverse_ST2084(SCENE[..., 0] * 203))
    path = written(tmp_path / "a.png", np.stack([signal] * 3, axis=-1), cICP=bytes((9, 16, 0, 1)))
    content = PillowImage.open(path)
    assert content.size == (64, 24)
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), signal)
    chunk = path.read_bytes()[33:49]
    grey.write_bytes(grey.read_bytes()[:33] + chunk + grey.read_bytes()[33:])
    with pytest.warns(UserWarning, match="grey copied"):
        np.testing.assert_array_equal(read_image(grey).pixels, read_image(path).pixels)


@pytest.mark.parametrize("space", [None, DISPLAY_P3])
def test_hdr_png_out(tmp_path, space):
    radiance = SCENE.astype(np.float32)
    path = write_image(tmp_path / "a.pq.png", radiance, colour_space=space)
    target = space or BT2020
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image = read_image(path, colour_space=BT709)
        np.testing.assert_allclose(image.pixels, radiance, rtol=5e-3, atol=1e-3)
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
    wide = radiance @ conversion(BT709.chromaticities, target.chromaticities).T
    found = colour.models.eotf_ST2084(stored / 65535) / 203
    np.testing.assert_allclose(found, wide.clip(0), rtol=3e-3, atol=1e-4)
    content = path.read_bytes()
    assert content[33:49] == b"\0\0\0\4cICP" + bytes((target.cicp, 16, 0, 1)) + content[45:49]
    assert not any(name in content for name in (b"sRGB", b"iCCP", b"gAMA", b"cHRM"))
    assert is_result(path)


def test_hdr_png_of_another_space(tmp_path):
    """Of those that have a number: DCI-P3 is 11."""
    reference = colour.RGB_COLOURSPACES["DCI-P3"]
    space = ColourSpace("dci", (*reference.primaries.ravel(), *reference.whitepoint), 11)
    path = write_image(tmp_path / "a.pq.png", SCENE, colour_space=space)
    assert path.read_bytes()[41:45] == bytes((11, 16, 0, 1))
    np.testing.assert_allclose(read_image(path, colour_space=BT709).pixels, SCENE, rtol=5e-3, atol=1e-3)
    with pytest.raises(
        InputError, match=r"expected a colour space that ITU-T H\.273 has a number for, .* found adobe-rgb"
    ):
        write_image(tmp_path / "b.pq.png", SCENE, colour_space=ADOBE_RGB)


def test_what_an_hdr_png_cannot_hold_is_told(tmp_path):
    with pytest.warns(UserWarning, match=r"6 pixels are brighter than 49\.26"):
        path = write_image(tmp_path / "a.pq.png", np.full((2, 3, 3), 100, np.float32))
    assert read_image(path).pixels.max() == pytest.approx(10_000 / 203, rel=1e-3)


def test_curves_of_profiles():
    assert curve_of(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()) is None
    assert curve_of(display_profile(BT709.chromaticities)) is None
    assert curve_of(linear_profile()).transfer == 8
    table = b"curv" + bytes(4) + struct.pack(">I", 4) + struct.pack(">4H", 0, 21845, 43690, 65535)
    power = b"curv" + bytes(4) + struct.pack(">IH", 1, 256) + bytes(2)
    parametric = b"para" + bytes(4) + struct.pack(">HHi", 0, 0, 65536)
    for straight in (table, power, parametric):
        assert curve_of(profile_of(straight)).transfer == 8
    for bent in (table.replace(b"UU", b"\x80\0"), power[:12] + b"\2\x33", parametric[:12] + struct.pack(">i", 144_179)):
        assert curve_of(profile_of(bent)) is None
    assert curve_of(profile_of(table[:-2])) is None
    assert curve_of(b"") is None


def profile_of(curve):
    tags = b"".join(struct.pack(">4sII", name, 168, len(curve)) for name in (b"rTRC", b"gTRC", b"bTRC"))
    return BytesIO(bytes(128) + struct.pack(">I", 3) + tags + curve).getvalue()

"""Colours and camera that files keep, format by format."""

from io import BytesIO

import colour
import cv2
import numpy as np
import OpenEXR
import pytest
import tifffile
from PIL import Image as PillowImage
from PIL import ImageCms

from hdrgen.errors import InputError
from hdrgen.io import BT709, BT2020, DISPLAY_P3, Camera, read_image, read_tags, write_image
from hdrgen.io.colour import ADOBE_RGB, conversion, srgb_decoded, srgb_encoded

WIDE = (0.7347, 0.2653, 0.0, 1.0, 0.0001, 0.077, 0.32168, 0.33767)
CAMERA = Camera("NIKON CORPORATION", "NIKON D800")


@pytest.mark.parametrize("suffix", [".exr", ".tif", ".png", ".jpg"])
def test_camera_is_kept(tmp_path, display, suffix):
    image = read_image(write_image(tmp_path / f"a{suffix}", display, camera=CAMERA))
    assert image.camera == CAMERA
    assert str(image.camera) == "NIKON CORPORATION NIKON D800"


def test_camera_of_raw(tmp_path, write_dng):
    image = read_image(write_dng(tmp_path / "a.dng", np.full((48, 64, 3), 0.2)))
    assert image.camera == Camera("hdrgen", "made up")


@pytest.mark.parametrize("suffix", [".exr", ".hdr", ".tif", ".png", ".jpg"])
@pytest.mark.parametrize("chromaticities", [WIDE, BT2020.chromaticities])
def test_chromaticities_are_kept(tmp_path, display, suffix, chromaticities):
    path = write_image(tmp_path / f"a{suffix}", display, chromaticities=chromaticities)
    image = read_image(path)
    assert image.chromaticities == pytest.approx(chromaticities, abs=3e-4)
    plain = write_image(tmp_path / f"b{suffix}", display)
    assert read_image(plain).chromaticities is None
    np.testing.assert_array_equal(image.pixels, read_image(plain).pixels)


def test_hdr_with_primaries_is_read_by_opencv(tmp_path, radiance):
    path = write_image(tmp_path / "a.hdr", radiance, chromaticities=DISPLAY_P3.chromaticities)
    assert b"\nPRIMARIES=0.6800 0.3200 0.2650" in path.read_bytes()
    read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert (np.abs(read - radiance) <= radiance.max(axis=-1, keepdims=True) / 128).all()


@pytest.mark.parametrize("line", [b"PRIMARIES=0 0 0 0 0 0 0 0", b"PRIMARIES=a b", b"PRIMARIES=1 2 3", b"PRIMARIES="])
@pytest.mark.filterwarnings("ignore:.*enclose no white; left out")
def test_useless_primaries(tmp_path, radiance, line):
    path = write_image(tmp_path / "a.hdr", radiance, chromaticities=WIDE)
    start = path.read_bytes().index(b"PRIMARIES")
    end = path.read_bytes().index(b"\n", start)
    path.write_bytes(path.read_bytes()[:start] + line + path.read_bytes()[end:])
    assert read_image(path).chromaticities is None


@pytest.mark.parametrize("suffix", [".exr", ".tif"])
def test_radiance_is_converted(tmp_path, radiance, suffix):
    path = write_image(tmp_path / f"a{suffix}", radiance, colour_space=BT2020)
    expected = radiance @ conversion(BT709.chromaticities, BT2020.chromaticities).T
    if suffix == ".exr":
        with OpenEXR.File(str(path), separate_channels=True) as file:
            stored = np.stack([file.channels()[name].pixels for name in "RGB"], axis=-1)
            assert file.header()["chromaticities"] == pytest.approx(BT2020.chromaticities)
    else:
        stored = tifffile.imread(path)
    np.testing.assert_allclose(stored, expected, rtol=2e-3)
    back = read_image(path, colour_space=BT709)
    np.testing.assert_allclose(back.pixels, radiance, rtol=0.01, atol=0.01)
    assert back.chromaticities == BT709.chromaticities


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_display_values_are_converted(tmp_path, display, suffix, dtype):
    """The picture looks the same: LittleCMS brings it back by its profile."""
    calm = 0.3 + 0.4 * display
    stored = np.round(calm * 255).astype(np.uint8) if dtype == np.uint8 else calm
    path = write_image(tmp_path / f"a{suffix}", stored, bits=8, quality=100, colour_space=DISPLAY_P3)
    matrix = conversion(BT709.chromaticities, DISPLAY_P3.chromaticities).T
    expected = srgb_encoded(srgb_decoded(calm) @ matrix) * 255
    assert np.abs(read_image(path).pixels - expected).max() <= (4 if suffix == ".jpg" else 1.01)
    with PillowImage.open(path) as picture:
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        seen = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    assert np.abs(np.asarray(seen) - calm * 255).max() <= (5 if suffix == ".jpg" else 2.5)


def test_display_values_are_not_converted_when_read(tmp_path, display):
    path = write_image(tmp_path / "a.png", display, colour_space=DISPLAY_P3)
    with pytest.raises(InputError, match="expected radiance to convert to bt709, found display values"):
        read_image(path, colour_space=BT709)
    assert read_image(path, colour_space=DISPLAY_P3).chromaticities == DISPLAY_P3.chromaticities


def adobe_rgb_by_exif(path, index: str, **options) -> None:
    """As cameras write it that embed no profile (Design rule for Camera File system, CIPA DC-009)."""
    exif = PillowImage.Exif()
    exif.get_ifd(0x8769).update({0xA001: 65535, 0xA005: {1: index, 2: b"0100"}})
    PillowImage.new("RGB", (32, 32), (9, 200, 30)).save(path, exif=exif, **options)


def test_adobe_rgb_of_cameras(tmp_path):
    adobe_rgb_by_exif(tmp_path / "a.jpg", "R03")
    assert read_image(tmp_path / "a.jpg").chromaticities == ADOBE_RGB.chromaticities
    assert read_tags(tmp_path / "a.jpg").chromaticities == ADOBE_RGB.chromaticities
    adobe_rgb_by_exif(tmp_path / "b.jpg", "R98")
    assert read_image(tmp_path / "b.jpg").chromaticities is None
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    adobe_rgb_by_exif(tmp_path / "c.jpg", "R03", icc_profile=profile)
    assert read_image(tmp_path / "c.jpg").chromaticities == pytest.approx(BT709.chromaticities, abs=2e-3)


XYZ = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3)
ACES = colour.RGB_COLOURSPACES["ACES2065-1"]
AP0 = (*ACES.primaries.ravel(), *ACES.whitepoint)


def with_chromaticities(path, pixels, chromaticities):
    """By OpenEXR, or by OpenCV and the line of primaries."""
    if path.suffix == ".exr":
        header = {"type": OpenEXR.scanlineimage, "chromaticities": chromaticities}
        with OpenEXR.File(header, {"RGB": OpenEXR.Channel(pixels)}) as file:
            file.write(str(path))
        return path
    cv2.imwrite(str(path), pixels[..., ::-1])
    line = b"\nPRIMARIES= " + b" ".join(b"%.4f" % value for value in chromaticities)
    path.write_bytes(path.read_bytes().replace(b"\n\n", line + b"\n\n", 1))
    return path


def in_xyz(pixels):
    return pixels @ colour.RGB_COLOURSPACES["ITU-R BT.709"].matrix_RGB_to_XYZ.T


def in_aces(pixels):
    return colour.RGB_to_RGB(pixels, "ITU-R BT.709", "ACES2065-1", "Bradford")


@pytest.mark.parametrize(("chromaticities", "stored_as"), [(XYZ, in_xyz), (AP0, in_aces)])
@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_radiance_in_primaries_without_light(tmp_path, radiance, suffix, chromaticities, stored_as):
    """A primary of y = 0, or below: the colours are those of the same picture in BT.709."""
    calm = (0.5 + radiance / radiance.max()).astype(np.float32)
    path = with_chromaticities(tmp_path / f"a{suffix}", stored_as(calm).astype(np.float32), chromaticities)
    image = read_image(path, colour_space=BT709)
    np.testing.assert_allclose(image.pixels, calm, rtol=3e-3 if suffix == ".exr" else 0.06)
    again = write_image(tmp_path / f"b{suffix}", read_image(path))
    np.testing.assert_allclose(read_image(again, colour_space=BT709).pixels, image.pixels, rtol=0.06)


def test_display_values_in_xyz_look_as_they_are(tmp_path):
    """The white of a picture of XYZ is D65: LittleCMS shows it by the profile as it was in sRGB."""
    calm = np.random.default_rng(0).uniform(0.2, 0.7, (24, 24, 3))
    path = write_image(tmp_path / "a.png", srgb_encoded(in_xyz(calm)), bits=8, chromaticities=XYZ)
    assert read_image(path).chromaticities == pytest.approx(XYZ, abs=2e-4)
    with PillowImage.open(path) as picture:
        profile = ImageCms.ImageCmsProfile(BytesIO(picture.info["icc_profile"]))
        seen = ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"))
    assert np.abs(np.asarray(seen) - srgb_encoded(calm) * 255).max() <= 4


@pytest.mark.parametrize("suffix", [".exr", ".hdr"])
def test_chromaticities_that_enclose_no_white_are_told(tmp_path, radiance, suffix):
    path = with_chromaticities(tmp_path / f"a{suffix}", radiance, (0.3, 0.3) * 4)
    with pytest.warns(UserWarning, match=r"its chromaticities \(0.3, 0.3, .*\) enclose no white; left out"):
        assert read_image(path).chromaticities is None

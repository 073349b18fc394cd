"""Rarer kinds of the common formats: read as others read them, or refused in one line that says why."""

import struct

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image


@pytest.fixture
def picture(display) -> PillowImage.Image:
    return PillowImage.fromarray(np.round(display * 255).astype(np.uint8))


@pytest.mark.parametrize(
    ("name", "mode", "options"),
    [
        ("progressive.jpg", "RGB", {"progressive": True}),
        ("subsampled.jpg", "RGB", {"subsampling": 2}),
        ("rgb.jpg", "RGB", {"keep_rgb": True}),
        ("cmyk.jpg", "CMYK", {}),
        ("cmyk.tif", "CMYK", {}),
        ("jpeg.tif", "RGB", {"compression": "jpeg"}),
        ("palette.png", "P", {}),
        ("two_bits.png", "P", {"bits": 2}),
        ("interlaced.png", "RGB", {"interlace": 1}),
    ],
)
def test_as_pillow_reads_them(tmp_path, picture, name, mode, options):
    stored = picture.quantize(4) if mode == "P" else picture.convert(mode)
    stored.save(tmp_path / name, **options)
    with PillowImage.open(tmp_path / name) as again:
        expected = np.asarray(again.convert("RGB"))
    np.testing.assert_array_equal(read_image(tmp_path / name).pixels, expected)


@pytest.mark.filterwarnings("ignore:.*grey copied")
def test_grey_from_white(tmp_path, display):
    levels = np.round(display[..., 0] * 65535).astype(np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", levels, photometric="miniswhite")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels[..., 1], 65535 - levels)


@pytest.mark.filterwarnings("ignore:.*grey copied")
def test_floats_that_count_from_white(tmp_path):
    values = np.random.default_rng(0).random((6, 7)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="miniswhite")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, np.repeat(1 - values[..., None], 3, -1))
    tifffile.imwrite(tmp_path / "a.tif", 300 * values, photometric="miniswhite")
    with pytest.raises(InputError, match=r"WhiteIsZero says, found 29\d"):
        read_image(tmp_path / "a.tif")


@pytest.mark.filterwarnings("ignore:.*grey copied")
def test_a_bit_for_each_pixel(tmp_path, picture):
    picture.convert("1").save(tmp_path / "a.tif", compression="group4")
    expected = cv2.imread(str(tmp_path / "a.tif"))
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, expected)


def test_big_endian_tiff_of_planes_in_tiles(tmp_path, display):
    expected = np.round(display * 65535).astype(np.uint16)
    layout = {"planarconfig": "separate", "tile": (16, 16), "bigtiff": True, "byteorder": ">"}
    tifffile.imwrite(tmp_path / "a.tif", np.moveaxis(expected, -1, 0), photometric="rgb", **layout)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, expected)


def subsample_blue(path) -> None:
    """Say in an OpenEXR header that channel B has a quarter of the pixels, as luminance-chroma files have it."""
    content = path.read_bytes()
    entry = b"B\0" + struct.pack("<iB3xii", 1, 0, 1, 1)
    assert entry in content
    path.write_bytes(content.replace(entry, b"B\0" + struct.pack("<iB3xii", 1, 0, 2, 2)))


def test_variants_that_are_not_read(tmp_path, write_oiio, picture, radiance):
    exr = write_oiio("a.exr", radiance[:36, :52], "half", compression="none")
    subsample_blue(exr)
    picture.convert("LAB").save(tmp_path / "lab.tif")
    tifffile.imwrite(tmp_path / "lzma.tif", np.asarray(picture), photometric="rgb", compression="lzma")
    for path, message in (
        (exr, "this variant of EXR header is not read here .*ubsampled.*; convert the file"),
        (tmp_path / "lab.tif", "expected grey or RGB, found CIELAB; convert it to RGB"),
        (tmp_path / "lzma.tif", "this variant of TIFF file is not read here .*LZMA.*; convert the file"),
    ):
        with pytest.raises(InputError, match=message):
            read_image(path)
    with pytest.raises(InputError, match="CIELAB"):
        read_header(tmp_path / "lab.tif")

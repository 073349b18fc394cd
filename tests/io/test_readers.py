"""Pixels against independent readers and writers: OpenCV, tifffile, imageio, Pillow, OpenImageIO."""

import os
import warnings
from pathlib import Path

import cv2
import imageio.v3 as iio
import numpy as np
import pytest
import tifffile
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image, write_image

LOSSLESS = ["none", "rle", "zips", "zip", "piz"]


@pytest.fixture(autouse=True)
def _no_unexpected_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def levels(display: np.ndarray, dtype: type) -> np.ndarray:
    return np.round(display * np.iinfo(dtype).max).astype(dtype)


def bgr(rgb: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rgb[..., ::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_integers_as_opencv_wrote_them(tmp_path, display, dtype, suffix):
    expected = levels(display, dtype)
    cv2.imwrite(str(tmp_path / f"a{suffix}"), bgr(expected))
    image = read_image(tmp_path / f"a{suffix}")
    assert image.pixels.dtype == dtype
    assert image.pixels.flags.c_contiguous
    assert not image.linear
    np.testing.assert_array_equal(image.pixels, expected)
    np.testing.assert_allclose(image.as_float(), expected / np.float64(np.iinfo(dtype).max), rtol=1e-6)


def test_all_16_bits_survive(tmp_path):
    expected = np.arange(65536, dtype=np.uint16).reshape(256, 256)[..., None].repeat(3, axis=-1)
    cv2.imwrite(str(tmp_path / "a.png"), expected)
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").pixels, expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_float_tiff_is_radiance(tmp_path, radiance, dtype):
    tifffile.imwrite(tmp_path / "a.tif", radiance.astype(dtype), photometric="rgb")
    image = read_image(tmp_path / "a.tif")
    assert image.linear
    assert image.pixels.dtype == (np.float16 if dtype == np.float16 else np.float32)
    np.testing.assert_array_equal(image.pixels, radiance.astype(dtype).astype(image.pixels.dtype))


@pytest.mark.parametrize("options", [{"planarconfig": "separate"}, {"tile": (16, 16)}, {"bigtiff": True}])
def test_tiff_layouts(tmp_path, display, options):
    expected = levels(display, np.uint16)
    data = expected.transpose(2, 0, 1) if "planarconfig" in options else expected
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", **options)
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, expected)


def test_radiance_as_opencv_wrote_it(tmp_path, radiance):
    cv2.imwrite(str(tmp_path / "a.hdr"), bgr(radiance))
    image = read_image(tmp_path / "a.hdr")
    assert image.linear
    expected = bgr(cv2.imread(str(tmp_path / "a.hdr"), cv2.IMREAD_UNCHANGED))
    largest = expected.max(axis=-1, keepdims=True)  # readers differ by half a step of the shared exponent
    assert (np.abs(image.pixels - expected) <= largest / 128).all()
    np.testing.assert_allclose(image.pixels, radiance, atol=0, rtol=1)


def test_jpeg_close_to_imageio(tmp_path, display):
    iio.imwrite(tmp_path / "a.jpg", levels(display, np.uint8), quality=95)
    image = read_image(tmp_path / "a.jpg")
    difference = image.pixels.astype(int) - iio.imread(tmp_path / "a.jpg")
    assert np.abs(difference).max() <= 2  # two builds of libjpeg
    assert image.pixels.dtype == np.uint8


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_as_pillow_turns_it(tmp_path, display, orientation):
    from PIL import ImageOps

    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    PillowImage.fromarray(levels(display, np.uint8)).save(tmp_path / "a.jpg", exif=exif, quality=95)
    expected = np.asarray(ImageOps.exif_transpose(PillowImage.open(tmp_path / "a.jpg")))
    pixels = read_image(tmp_path / "a.jpg").pixels
    assert pixels.shape == expected.shape
    assert pixels.flags.c_contiguous
    assert np.abs(pixels.astype(int) - expected).max() <= 2
    header = read_header(tmp_path / "a.jpg")
    assert (header.height, header.width) == expected.shape[:2]


@pytest.mark.parametrize("compression", [*LOSSLESS, "pxr24", "b44", "b44a", "dwaa", "dwab"])
@pytest.mark.parametrize("pixel_type", ["half", "float"])
def test_exr_compressions(write_oiio, radiance, compression, pixel_type):
    path = write_oiio("a.exr", radiance, pixel_type, compression=compression)
    image = read_image(path)
    expected = radiance.astype(np.float16 if pixel_type == "half" else np.float32)
    assert image.linear
    assert image.pixels.dtype == expected.dtype
    if compression in LOSSLESS:
        np.testing.assert_array_equal(image.pixels, expected)
    else:
        np.testing.assert_allclose(image.pixels, expected, rtol=0.35)


def test_tiled_exr(write_oiio, radiance, tmp_path):
    import OpenImageIO as oiio

    spec = oiio.ImageSpec(53, 37, 3, "half")
    spec.tile_width = spec.tile_height = 16
    output = oiio.ImageOutput.create(str(tmp_path / "a.exr"))
    assert output.open(str(tmp_path / "a.exr"), spec)
    assert output.write_image(radiance)
    output.close()
    np.testing.assert_array_equal(read_image(tmp_path / "a.exr").pixels, radiance.astype(np.float16))


def test_exr_layer_is_taken_and_named(write_oiio, radiance):
    extra = np.concatenate([radiance[..., :1], radiance], axis=-1)
    path = write_oiio("a.exr", extra, channels=("Z", "view.left.R", "view.left.G", "view.left.B"))
    with pytest.warns(UserWarning, match=r"a\.exr: layer 'view.left' taken as RGB"):
        image = read_image(path)
    np.testing.assert_array_equal(image.pixels, radiance)


def test_exr_unnamed_layer_comes_first(write_oiio, radiance):
    channels = ("albedo.R", "albedo.G", "albedo.B", "R", "G", "B")
    path = write_oiio("a.exr", np.concatenate([radiance * 0 + 7, radiance], axis=-1), channels=channels)
    with pytest.warns(UserWarning, match="other layers left out: albedo"):
        image = read_image(path)
    np.testing.assert_array_equal(image.pixels, radiance)


def test_exr_parts_first_with_rgb(tmp_path, radiance):
    import OpenImageIO as oiio

    depth, colour = oiio.ImageSpec(20, 10, 1, "float"), oiio.ImageSpec(53, 37, 3, "half")
    depth.channelnames = ("Z",)
    depth.full_width, depth.full_height = 53, 37
    for name, spec in (("depth", depth), ("beauty", colour)):
        spec.attribute("oiio:subimagename", name)
    path = tmp_path / "a.exr"
    output = oiio.ImageOutput.create(str(path))
    assert output.open(str(path), (depth, colour)), output.geterror()
    assert output.write_image(np.ones((10, 20, 1), np.float32))
    assert output.open(str(path), colour, "AppendSubimage")
    assert output.write_image(radiance)
    assert output.close()
    np.testing.assert_array_equal(read_image(path).pixels, radiance.astype(np.float16))
    assert read_header(path).width == 53


def test_exr_parts_that_are_left_out_are_told(tmp_path, radiance):
    import OpenEXR

    def part(name, gain, channels="RGB"):
        planes = {each: OpenEXR.Channel(gain * radiance[..., index]) for index, each in enumerate(channels)}
        return OpenEXR.Part({"name": name, "type": OpenEXR.scanlineimage}, planes)

    with OpenEXR.File([part("left", 1), part("right", 2), part("depth", 3, "Z")]) as file:
        file.write(str(tmp_path / "a.exr"))
    with pytest.warns(UserWarning, match="other parts left out: right$"):
        np.testing.assert_array_equal(read_image(tmp_path / "a.exr").pixels, radiance)


def test_exr_without_colour_names_its_channels(write_oiio, radiance):
    path = write_oiio("a.exr", radiance[..., :2], channels=("U", "W"))
    with pytest.raises(InputError, match=r"a\.exr: expected channels R, G, B .* found U, W"):
        read_image(path)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_becomes_three_channels_with_a_note(tmp_path, display, suffix, dtype):
    grey = levels(display[..., 0], dtype)
    cv2.imwrite(str(tmp_path / f"a{suffix}"), grey)
    with pytest.warns(UserWarning, match="grey copied to three channels"):
        pixels = read_image(tmp_path / f"a{suffix}").pixels
    assert pixels.flags.c_contiguous
    for channel in range(3):
        np.testing.assert_array_equal(pixels[..., channel], grey)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_dropped_and_colours_stay_unmultiplied(tmp_path, display, dtype):
    colour = levels(display, dtype)
    half = np.full_like(colour[..., :1], np.iinfo(dtype).max // 3)
    cv2.imwrite(str(tmp_path / "a.png"), np.concatenate([bgr(colour), half], axis=-1))
    with pytest.warns(UserWarning, match="alpha channel dropped"):
        pixels = read_image(tmp_path / "a.png").pixels
    np.testing.assert_array_equal(pixels, colour)


def test_grey_with_alpha(tmp_path):
    PillowImage.new("LA", (4, 3), (77, 10)).save(tmp_path / "a.png")
    with pytest.warns(UserWarning, match="grey .*alpha"):
        assert (read_image(tmp_path / "a.png").pixels == 77).all()


@pytest.mark.parametrize("count", [2, 5, 7])
def test_other_channel_counts(tmp_path, count):
    tifffile.imwrite(
        tmp_path / "a.tif", np.ones((8, 8, count), np.uint8), photometric="minisblack", planarconfig="contig"
    )
    with pytest.raises(InputError, match=rf"a\.tif: expected grey or RGB.* found {count} channels"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("dtype", [np.uint32, np.int16])
def test_other_number_types(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "a.tif", np.ones((8, 8, 3), dtype), photometric="rgb")
    with pytest.raises(InputError, match=r"a\.tif: expected 8 or 16-bit unsigned integers or floats"):
        read_image(tmp_path / "a.tif")


def test_content_decides_not_the_suffix(tmp_path, display):
    expected = levels(display, np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), bgr(expected))
    for name in ("b.jpg", "c", "d.exr", "e.txt"):
        (tmp_path / "a.png").replace(tmp_path / name)
        np.testing.assert_array_equal(read_image(tmp_path / name).pixels, expected)
        (tmp_path / name).replace(tmp_path / "a.png")


def test_size_limit_before_decoding(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((1000, 1100, 3), np.uint8))
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:60])  # nothing there to decode
    with pytest.raises(InputError, match=r"expected at most 1 megapixels, found 1100 x 1000 \(1.1 megapixels\)"):
        read_image(tmp_path / "a.png", max_megapixels=1)


def test_size_limit_of_a_large_claim(tmp_path):
    cv2.imwrite(str(tmp_path / "a.hdr"), np.ones((10, 10, 3), np.float32))
    content = (tmp_path / "a.hdr").read_bytes().replace(b"-Y 10 +X 10", b"-Y 30000 +X 30000")
    (tmp_path / "a.hdr").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.hdr: .*header claims"):
        read_image(tmp_path / "a.hdr")


def test_no_file(tmp_path: Path):
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "none.jpg")
    with pytest.raises(InputError, match="found a folder"):
        read_image(tmp_path)
    (tmp_path / "empty.exr").touch()
    with pytest.raises(InputError, match="empty"):
        read_image(tmp_path / "empty.exr")
    (tmp_path / "text.jpg").write_text("not an image")
    with pytest.raises(InputError, match=r"expected an image .*found none of these"):
        read_image(tmp_path / "text.jpg")
    with pytest.raises(InputError):
        read_image(tmp_path / ("x" * 300 + ".png"))


def test_name_that_is_not_utf8(tmp_path, display):
    odd = tmp_path / os.fsdecode(b"caf\xe9.png")
    for call in (lambda: read_image(odd), lambda: write_image(odd, display)):
        with pytest.raises(InputError, match="a name in UTF-8"):
            call()

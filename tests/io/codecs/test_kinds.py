"""Kinds of files that libraries know little of: read where one serves, else named for what they are."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from hdrgen.errors import InputError
from hdrgen.io import BT709, read_header, read_image, write_image

SMOOTH = (np.mgrid[0:48, 0:64].sum(0)[..., None] / 110 * (0.9, 0.7, 0.5)).astype(np.float32)
RGB_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.072175), (0.0193339, 0.119192, 0.9503041))


@pytest.mark.parametrize("grey", [False, True])
def test_a_jpeg_of_12_bits_is_read_at_16(tmp_path, grey):
    imagecodecs = pytest.importorskip("imagecodecs", reason="the extra `formats` is not installed")
    planes = SMOOTH[..., 0] if grey else SMOOTH
    levels = np.round(planes * 4095).astype(np.uint16)
    (tmp_path / "a.jpg").write_bytes(imagecodecs.jpeg8_encode(levels, bitspersample=12, level=98))
    header, image = read_header(tmp_path / "a.jpg"), read_image(tmp_path / "a.jpg")
    assert (header.width, header.height, image.linear, image.pixels.dtype) == (64, 48, False, np.uint16)
    expected = np.repeat(planes[..., None], 3, axis=-1) if grey else planes
    assert np.abs(image.as_float() - expected).mean() < 1 / 1000


def test_other_kinds_of_jpeg_are_named(tmp_path):
    frame = b"\xff\xd8\xff%c\0\x11\x0c\0\x10\0\x10\x03\x01\x11\0\x02\x11\0\x03\x11\0" + bytes(300)
    for marker, bits, message in (
        (0xC3, 12, "a lossless JPEG is not read"),
        (0xC0, 16, "a JPEG of 16 bits is not read"),
    ):
        (tmp_path / "a.jpg").write_bytes(
            frame.replace(b"%c", bytes((marker,))).replace(b"\x0c\0\x10", bytes((bits, 0, 16)))
        )
        with pytest.raises(InputError, match=message):
            read_image(tmp_path / "a.jpg")


def test_radiance_files_of_xyz(tmp_path):
    """As `ra_xyze` writes them; the picture is that of BT.709."""
    radiance = np.exp(np.random.default_rng(0).normal(0, 1, (24, 32, 3))).astype(np.float32)
    path = write_image(tmp_path / "a.hdr", radiance @ np.array(RGB_TO_XYZ, np.float32).T)
    path.write_bytes(path.read_bytes().replace(b"32-bit_rle_rgbe", b"32-bit_rle_xyze"))
    image = read_image(path)
    assert image.chromaticities == BT709.chromaticities
    assert np.abs(image.pixels - radiance).max() < 0.03 * radiance.max()
    np.testing.assert_allclose(np.median(image.pixels / radiance, axis=(0, 1)), 1, atol=0.01)
    assert (read_header(path).width, read_header(path).height) == (32, 24)


OTHERS = {"GIF": "GIF", "BMP": "BMP", "WEBP": "WebP", "JPEG2000": "JPEG 2000", "PPM": "a portable pixmap", "DDS": "DDS"}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_are_named(tmp_path, kind):
    PillowImage.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png", format=kind)
    with pytest.raises(
        InputError, match=f"expected an image .*found {OTHERS[kind]}, which is not read here; convert it"
    ):
        read_image(tmp_path / "a.png")

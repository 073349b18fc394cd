"""Radiance files whose first pixel is in any corner, and whose scan lines are rows or columns."""

import cv2
import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import BT2020, read_header, read_image, write_image

ORDERS = [f"{a}{first} {b}{second}" for first, second in ("YX", "XY") for a in "+-" for b in "+-"]


def in_order(picture: np.ndarray, order: str) -> np.ndarray:
    """The pixels as a file in this order holds them, one after the other: X grows to the right, Y upwards."""
    height, width = picture.shape[:2]
    axes = {"X": range(width), "Y": range(height)[::-1]}  # rows from the bottom to the top
    (outer, inner) = (axes[one[1]] if one[0] == "+" else axes[one[1]][::-1] for one in order.split())
    lines_are_columns = order[1] == "X"
    places = [[(b, a) if lines_are_columns else (a, b) for b in inner] for a in outer]
    return np.array([[picture[row, column] for row, column in line] for line in places])


def in_file(path, picture, order):
    """Run-length encoded by OpenCV as if it were upright, under the line that says the order."""
    stored = in_order(picture, order)
    cv2.imwrite(str(path), np.ascontiguousarray(stored[..., ::-1]))
    height, width = stored.shape[:2]
    first, second = order.split()
    usual, meant = f"-Y {height} +X {width}", f"{first} {height} {second} {width}"
    assert usual.encode() in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(usual.encode(), meant.encode()))
    return path


@pytest.mark.parametrize("order", ORDERS)
def test_pictures_come_upright_from_every_order_of_pixels(tmp_path, radiance, order):
    usual = read_image(in_file(tmp_path / "usual.hdr", radiance, "-Y +X")).pixels
    assert (np.abs(usual - radiance) <= radiance.max(axis=-1, keepdims=True) / 128).all()
    path = in_file(tmp_path / "a.hdr", radiance, order)
    np.testing.assert_array_equal(read_image(path).pixels, usual)
    header = read_header(path)
    assert (header.height, header.width) == radiance.shape[:2]


def test_lines_of_the_header_are_not_taken_for_the_order(tmp_path, radiance):
    path = in_file(tmp_path / "a.hdr", radiance, "+X +Y")
    content = path.read_bytes().replace(b"\n\n", b"\nVIEW= -vtv\n+X 1 +Y 1 of a comment\n\n", 1)
    path.write_bytes(content)
    assert read_image(path).pixels.shape == radiance.shape
    assert read_image(write_image(tmp_path / "b.hdr", radiance, chromaticities=BT2020.chromaticities)).pixels.shape


ODD_LINES = [b"FORMAT= %s", b"FORMAT=%s ", b"FORMAT = %s\t", b"format=%s", b" Format=%s\r", b"EXPOSURE=1\n\tFORMAT=%s"]


@pytest.mark.filterwarnings("ignore:.*replaced .* negative pixels")
@pytest.mark.parametrize("line", ODD_LINES)
@pytest.mark.parametrize("packing", [b"32-bit_rle_rgbe", b"32-bit_rle_xyze"])
def test_the_line_of_the_format_however_it_is_spaced(tmp_path, line, packing):
    path = write_image(tmp_path / "a.hdr", np.random.default_rng(0).random((9, 40, 3)))
    plain = path.read_bytes().replace(b"32-bit_rle_rgbe", packing)
    path.write_bytes(plain)
    expected = read_image(path, clean=True).pixels
    path.write_bytes(plain.replace(b"FORMAT=" + packing, line % packing))
    np.testing.assert_array_equal(read_image(path, clean=True).pixels, expected)


def test_without_a_line_of_the_format_it_is_rgbe_and_another_one_is_named(tmp_path):
    path = write_image(tmp_path / "a.hdr", np.random.default_rng(0).random((9, 40, 3)))
    whole, expected = path.read_bytes(), read_image(path).pixels
    path.write_bytes(whole.replace(b"FORMAT=32-bit_rle_rgbe\n", b""))
    np.testing.assert_array_equal(read_image(path).pixels, expected)
    path.write_bytes(whole.replace(b"32-bit_rle_rgbe", b"64-bit_raw"))
    with pytest.raises(InputError, match=r"found '64-bit_raw'"):
        read_image(path)

"""Portable float maps, beside OpenCV's reader and as bytes that are put together here."""

import cv2
import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image

PICTURE = np.exp(np.random.default_rng(0).normal(0, 3, (5, 7, 3))).astype(np.float32)


def test_what_opencv_writes(tmp_path, recwarn):
    path = tmp_path / "a.pfm"
    cv2.imwrite(str(path), PICTURE[..., ::-1])
    image, header = read_image(path), read_header(path)
    assert (header.width, header.height, image.linear) == (7, 5, True)
    np.testing.assert_array_equal(image.pixels, PICTURE)
    assert not recwarn.list


@pytest.mark.parametrize(("order", "scale"), [("<", "-1.0"), (">", "1"), ("<", "-2.5e0"), (">", "0.5")])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("between", ["\n", " ", "\n# a comment\n", "\r\n"])
def test_every_order_of_bytes_in_colour_and_grey(tmp_path, order, scale, grey, between):
    planes = PICTURE[..., :1] if grey else PICTURE
    end = "\r\n" if between == "\r\n" else "\n"
    head = f"P{'f' if grey else 'F'}{between}7 5{end}{scale}{end}"
    (tmp_path / "a.pfm").write_bytes(head.encode() + planes[::-1].astype(f"{order}f4").tobytes())
    if grey:
        with pytest.warns(UserWarning, match="grey copied to three channels"):
            pixels = read_image(tmp_path / "a.pfm").pixels
    else:
        pixels = read_image(tmp_path / "a.pfm").pixels
    np.testing.assert_array_equal(pixels, np.broadcast_to(planes, PICTURE.shape))


@pytest.mark.parametrize("content", [b"PF\n7 5\n-1.0\n" + bytes(400), b"PF\n7 5\n", b"PF\n0 5\n1\n", b"PF\n7 5\n-.-\n"])
def test_damaged_files_are_refused_in_a_line(tmp_path, content):
    (tmp_path / "a.pfm").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.pfm: truncated"):
        read_image(tmp_path / "a.pfm")


def test_nan_is_refused_and_large_claims_take_no_memory(tmp_path):
    (tmp_path / "a.pfm").write_bytes(b"PF\n2 2\n-1.0\n" + np.full(12, np.nan, "<f4").tobytes())
    with pytest.raises(InputError, match="expected finite radiance, found 4 NaN"):
        read_image(tmp_path / "a.pfm")
    (tmp_path / "a.pfm").write_bytes(b"PF\n99999999 99999999\n-1.0\n")
    with pytest.raises(InputError, match="megapixels"):
        read_image(tmp_path / "a.pfm")


def test_the_verbs_take_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("a.pfm", np.tile(PICTURE, (8, 8, 1)))
    assert main(["tonemap", "a.pfm", "-o", "a.png"]) == 0
    assert read_image("a.png").pixels.shape == (40, 56, 3)

"""Radiance in LogLuv TIFF files, beside what libtiff makes of them through OpenCV, and the formulas of the paper."""

import cv2
import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import BT709, read_image
from hdrgen.io.samples.log_luv_grid import chromaticities_of_codes
from tests.io.samples.tiffs import tiff_bytes

LOG_L, LOG_LUV, PACKED, PACKED_24 = 32844, 32845, 34676, 34677
RGB_TO_XYZ = ((0.4124564, 0.3575761, 0.1804375), (0.2126729, 0.7151522, 0.072175), (0.0193339, 0.119192, 0.9503041))
XYZ_TO_RGB = np.linalg.inv(RGB_TO_XYZ)


def tags_of(width, height, kind, compression, *more):
    samples = 1 if kind == LOG_L else 3
    form = [(258, 3, [16] * samples), (277, 3, [samples]), (284, 3, [1]), (339, 3, [2] * samples)]
    return [(256, 4, [width]), (257, 4, [height]), (259, 3, [compression]), (262, 3, [kind]), *form, *more]


def packed(codes, size):
    """Rows of codes: runs of three and more, the others as they are, the highest bytes first."""
    result = b""
    for row in codes:
        for shift in range(8 * (size - 1), -1, -8):
            plane, at = bytes((row >> shift & 255).astype(np.uint8)), 0
            while at < len(plane):
                run = next((n for n in range(1, 129) if plane[at : at + n + 1] != plane[at : at + 1] * (n + 1)), 129)
                result += bytes((run + 126, plane[at])) if run > 2 else bytes((1, plane[at]))
                at += run if run > 2 else 1
    return result


def luminance(codes):
    return np.where(codes == 0, 0, 2 ** ((codes + 0.5) / 256 - 64))


def test_opencv_and_hdrgen_read_the_same(tmp_path):
    radiance = np.exp(np.random.default_rng(0).normal(0, 3, (37, 53, 3))).astype(np.float32)
    radiance[:9, :20] = 0
    for compression in (PACKED, PACKED_24):
        path = tmp_path / "a.tif"
        cv2.imwrite(str(path), radiance, [cv2.IMWRITE_TIFF_COMPRESSION, compression])
        expected = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
        with pytest.warns(UserWarning, match=r"negative, 180 zero \(black\)|180 zero"):
            image = read_image(path)
        assert image.linear
        assert image.chromaticities == BT709.chromaticities
        largest = np.abs(expected).max(axis=-1, keepdims=True)
        assert (np.abs(image.pixels - expected) <= 2e-3 * largest).all()  # its matrix has other decimals


def test_every_colour_of_24_bits(tmp_path):
    codes = 768 << 14 | np.arange(16300, dtype=np.uint32)
    data = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=-1).astype(np.uint8).tobytes()
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes(tags_of(16300, 1, LOG_LUV, PACKED_24, (278, 4, [1])), [data]))
    expected = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1]
    with pytest.warns(UserWarning, match="negative"):
        found = read_image(path).pixels
    np.testing.assert_allclose(found, expected, atol=2e-3 * 156)
    assert len(chromaticities_of_codes()) == 16289


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
def test_tiles_of_luminance_and_of_colour(tmp_path, order, big):
    """Tiles that reach over the edges, in every kind of TIFF file; the formulas are those of the paper."""
    generator = np.random.default_rng(1)
    bright = generator.integers(0, 1 << 15, (32, 48), np.uint32) // 64 * 8 + 12000
    bright[:, 20:] = 16384
    bright[0, 0] = 0
    u, v = generator.integers(70, 95, (2, 32, 48), np.uint32)
    path = tmp_path / "a.tif"
    for kind, size, codes in ((LOG_L, 2, bright), (LOG_LUV, 4, bright << 16 | u << 8 | v)):
        tiles = [packed(codes[y : y + 16, x : x + 16], size) for y in (0, 16) for x in (0, 16, 32)]
        tags = tags_of(44, 29, kind, PACKED, (322, 3, [16]), (323, 3, [16]))
        path.write_bytes(tiff_bytes(tags, tiles, order=order, big=big, tiled=True))
        with pytest.warns(UserWarning, match="1 zero"):
            image = read_image(path)
        assert (image.pixels.shape, image.linear) == ((29, 44, 3), True)
        y = luminance(bright)
        expected = np.repeat(y[..., None], 3, axis=-1)
        if kind == LOG_LUV:
            u_, v_ = (u + 0.5) / 410, (v + 0.5) / 410
            expected = (
                np.stack([y * 9 * u_ / (4 * v_), y, y * (12 - 3 * u_ - 20 * v_) / (4 * v_)], axis=-1) @ XYZ_TO_RGB.T
            )
        np.testing.assert_allclose(image.pixels, expected[:29, :44], rtol=2e-3, atol=2e-3 * 2.0**0)


def test_primaries_that_the_file_names(tmp_path):
    """Its white has equal values of them."""
    fractions = [n for value in (0.708, 0.292, 0.17, 0.797, 0.131, 0.046) for n in (round(value * 1e4), 10000)]
    more = (278, 4, [1]), (318, 5, [3127, 10000, 3290, 10000]), (319, 5, fractions)
    u, v = (round(410 * value - 0.5) for value in (0.1978, 0.4683))
    row = np.full((1, 8), 16384 << 16 | u << 8 | v, np.uint32)
    path = tmp_path / "a.tif"
    path.write_bytes(tiff_bytes(tags_of(8, 1, LOG_LUV, PACKED, *more), [packed(row, 4)]))
    image = read_image(path)
    assert image.chromaticities == pytest.approx((0.708, 0.292, 0.17, 0.797, 0.131, 0.046, 0.3127, 0.329))
    np.testing.assert_allclose(image.pixels, 1.0, atol=0.03)


def test_what_is_cut_off_or_packed_otherwise_is_refused(tmp_path):
    codes = np.full((4, 8), 16384, np.uint32)
    whole = packed(codes, 2)
    for data, compression, message in (
        (whole[:-2], PACKED, "LogLuv data end early"),
        (whole, 5, r"this variant of TIFF header is not read here .*LogL data must have Compression=34676"),
    ):
        path = tmp_path / "a.tif"
        path.write_bytes(tiff_bytes(tags_of(8, 4, LOG_L, compression, (278, 4, [4])), [data]))
        with pytest.raises(InputError, match=message):
            read_image(path)

"""Pixels that radiance cannot be."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from hdrgen.errors import InputError
from hdrgen.io import read_image, write_image
from hdrgen.io.radiance import checked_radiance


@pytest.fixture
def broken(write_oiio, radiance):
    pixels = radiance.copy()
    pixels[0, 0, 1] = np.nan
    pixels[1, 1] = np.inf
    pixels[2, 2, 0] = -np.inf
    pixels[3, 3] = (-1.0, 2.0, 3.0)
    pixels[4, 4] = 0
    pixels[5, 5] = (0.0, 2.0, 3.0)
    return write_oiio("a.exr", pixels), pixels


def test_nan_and_inf_are_counted_and_the_option_named(broken):
    with pytest.raises(InputError, match=r"a\.exr: .*3 NaN or infinite.*pass clean=True to replace them"):
        read_image(broken[0])


def test_clean_replaces(broken, radiance):
    path, pixels = broken
    with pytest.warns(UserWarning, match=r"a\.exr: replaced 3 NaN or infinite, 2 negative, 1 zero \(black\)"):
        cleaned = read_image(path, clean=True).pixels
    good = pixels[np.isfinite(pixels) & (pixels > 0)]
    assert np.isfinite(cleaned).all()
    assert cleaned[0, 0, 1] == good.min()
    assert (cleaned[1, 1] == good.max()).all()
    assert cleaned[2, 2, 0] == good.min()
    np.testing.assert_array_equal(cleaned[3, 3], [good.min(), 2, 3])
    assert (cleaned[4, 4] == good.min()).all()
    np.testing.assert_array_equal(cleaned[5, 5], [0, 2, 3])
    np.testing.assert_array_equal(cleaned[6:], radiance[6:])


def test_black_and_negative_are_a_warning(write_oiio, radiance):
    radiance[:2] = 0
    radiance[3, 3, 2] = -0.5
    path = write_oiio("a.tif", radiance)
    with pytest.warns(UserWarning, match=r"a\.tif: radiance holds 1 negative, 106 zero \(black\) pixels of 1961"):
        image = read_image(path)
    np.testing.assert_array_equal(image.pixels, radiance)


def test_all_black_can_be_cleaned(write_oiio, radiance):
    path = write_oiio("a.exr", radiance * 0, "half")
    with pytest.warns(UserWarning, match="1961 zero"):
        assert (read_image(path, clean=True).pixels == 0).all()


def test_integer_zero_is_no_defect(write_oiio, recwarn):
    read_image(write_oiio("a.png", np.zeros((4, 4, 3)), "uint8"))
    assert not recwarn.list


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("strided", [False, True])
@pytest.mark.parametrize(
    ("value", "channels", "found"),
    [
        (np.nan, 1, "1 NaN or infinite"),
        (-np.nan, 2, "1 NaN or infinite"),
        (np.inf, 3, "1 NaN or infinite"),
        (-np.inf, 1, "1 NaN or infinite, 1 negative"),
        (-1e-3, 1, "1 negative"),
        (0.0, 3, "1 zero (black)"),
        (-0.0, 3, "1 zero (black)"),
        (0.0, 2, ""),
        (-0.0, 1, ""),
        (5e-8, 3, ""),
        (6e4, 3, ""),
    ],
)
def test_one_defect_anywhere_is_found_by_its_bits(kind, strided, value, channels, found):
    pixels = np.ones((300, 14, 3), kind)[:, :: 2 if strided else 1]
    pixels[280, 5, :channels] = value
    same, notes = checked_radiance(pixels, Path("a.exr"), clean=True)
    assert [note.text for note in notes] == ([f"replaced {found} pixels of {pixels[..., 0].size}"] if found else [])
    assert found or same is pixels


@pytest.mark.parametrize(("value", "kept"), [(1e-8, 0), (2.0**-25, 0), (2.0**-24, 2.0**-24)])
def test_few_values_that_half_turns_into_black_are_told(tmp_path, radiance, value, kept):
    bright = np.tile(np.abs(radiance) + 1, (3, 3, 1)).astype(np.float32)
    bright[0, 0] = value
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pixels = read_image(write_image(tmp_path / "a.exr", bright)).pixels
    assert pixels.dtype == np.float16
    assert (pixels[0, 0] == kept).all()
    told = [str(warning.message) for warning in caught if "become 0" in str(warning.message)]
    assert len(told) == (kept == 0)
    assert all(f"a.exr: 3 of {bright.size} values" in each for each in told)

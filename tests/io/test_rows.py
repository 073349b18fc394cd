"""Pictures worked on some rows at a time."""

import numpy as np
import pytest

from hdrgen.io.rows import by_rows, row_slices


@pytest.mark.parametrize("height", [1, 255, 256, 257, 1000])
def test_every_row_once(height):
    parts = [np.arange(height)[rows] for rows in row_slices(height)]
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(height))
    assert max(map(len, parts)) <= 256


def test_by_rows():
    pixels = np.random.default_rng(0).random((600, 3, 3))
    result = by_rows(np.sqrt, pixels, np.float32)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.sqrt(pixels).astype(np.float32))


def test_rows_of_wide_pictures_are_as_few_as_their_pixels_ask_for():
    sizes = []
    by_rows(lambda rows: sizes.append(rows.size) or rows, np.zeros((40, 65_535, 1), np.uint8), np.uint8)
    assert sum(sizes) == 40 * 65_535
    assert max(sizes) <= 2**20

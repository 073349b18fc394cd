"""Photographs as another one would show them, some rows at a time."""

import numpy as np
import pytest

from hdrgen.fusion.transforms import Warped, applied, common_area


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("degrees", [0.0, 0.3, 2.0])
def test_resampling_is_the_same_to_the_last_bit_however_many_rows_are_asked_for(kind, degrees):
    """One row alone, a strip, or all of them; and what Keys' cubic gives at some places."""
    generator = np.random.default_rng(0)
    largest = 1 if kind == np.float32 else np.iinfo(kind).max
    source = (generator.random((700, 80, 3)) * largest).astype(kind)
    turn = np.radians(degrees)
    matrix = np.array([[np.cos(turn), -np.sin(turn), 2.3], [np.sin(turn), np.cos(turn), -1.7], [1e-7, -1e-7, 1.0]])
    crop = common_area([np.eye(3), matrix], 700, 80)
    warped = Warped(source, matrix, crop)
    whole = warped[0 : crop.height]
    for count in (1, 7, 128, 300):
        strips = [warped[start : start + count] for start in range(0, crop.height, count)]
        np.testing.assert_array_equal(np.concatenate(strips), whole)
    places = applied(matrix, np.array([[crop.left + 9, crop.top + 500], [crop.left + 3, crop.top + 2]], float))
    for (row, column), (x, y) in zip(((500, 9), (2, 3)), places, strict=True):
        left, top = int(np.floor(x)), int(np.floor(y))
        near = source[top - 1 : top + 3, left - 1 : left + 3, 0].astype(float) / largest
        expected = cubic(y - top) @ near @ cubic(x - left)
        found = whole[row, column, 0] / (1 if kind == np.float32 else 65535)
        assert found == pytest.approx(np.clip(expected, 0, 1), abs=2e-4)


def cubic(share):
    """Weights of four neighbours: Keys' cubic with a = -3/4, as torch has it."""
    a, t = -0.75, np.array([1 + share, share, 1 - share, 2 - share])
    near = (a + 2) * t**3 - (a + 3) * t**2 + 1
    return np.where(t < 1, near, a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a)

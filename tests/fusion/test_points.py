"""Points of contrast: where they are taken, and what of two exposures is compared."""

import numpy as np

from hdrgen.fusion.points import BORDER, ContrastPoints, _shown_by_both
from hdrgen.fusion.transforms import shift


def test_no_point_is_clipped_or_beside_what_is_or_at_the_border():
    image = np.random.default_rng(0).uniform(0.2, 0.8, (40, 50)).astype(np.float32)
    image[10:20, 15:30], image[25:30, 5:9] = 1.0, 0.0
    columns, rows = ContrastPoints(image).places.astype(int).T
    assert len(columns) > 500
    for top, bottom, left, right in ((9, 21, 14, 31), (24, 31, 4, 10)):
        assert not ((rows >= top) & (rows < bottom) & (columns >= left) & (columns < right)).any()
    assert (rows.min(), columns.min()) == (BORDER, BORDER)
    assert (rows.max(), columns.max()) == (39 - BORDER, 49 - BORDER)


def test_what_both_exposures_show_is_all_of_it_or_what_a_shift_leaves():
    near, far = np.arange(12.0).reshape(3, 4), 100 + np.arange(12.0).reshape(3, 4)
    for found, expected in zip(_shown_by_both(near, far, np.eye(3)), (near, far), strict=True):
        np.testing.assert_array_equal(found, expected.ravel())
    found = _shown_by_both(near, far, shift(1, -1))
    np.testing.assert_array_equal(found[0], near[1:, :3].ravel())
    np.testing.assert_array_equal(found[1], far[:2, 1:].ravel())

"""The shift between two exposures from bitmaps: which pixels are brighter than a given share of the picture."""

import numpy as np
from numpy.typing import NDArray

from hdrgen.fusion.grey import Grey, Pyramid

Bits = NDArray[np.bool_]

SHARES = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9, 0.05, 0.95, 0.02, 0.98)
"""Of the picture below the threshold; the median first, others where one exposure clips it."""
CLEAR = (0.06, 0.94)
"""Thresholds between these display values tell pixels apart."""
NOISE = 0.015  # display values: pixels that near to the threshold may fall on either side
REACH = 0.25  # of the picture's size, to each side
FARTHEST = 96  # pixels of the coarsest size, which one four times as wide as high has; all shifts are tried
SMALL = 512  # pixels of the longer side, beyond which bitmaps say no more than points of contrast do
LEAST = 0.3  # of the picture that must be seen in both


def bitmap_shift(near: Pyramid, far: Pyramid) -> tuple[float, float]:
    """How far the second photograph's content lies from the first's, (x, y) in the photographs' pixels.

    All shifts up to a quarter of the picture at the coarsest size, then one pixel to each side at every finer one.

    Source: Ward 2003, with the share below the threshold chosen for the pair.
    """
    x = y = 0
    level = len(near.images) - 1
    reach = min(round(REACH * max(near.images[level].shape)), FARTHEST)
    share = _share(near.images[level], far.images[level])
    while True:
        one, other = (_bitmap(pyramid.images[level], share) for pyramid in (near, far))
        x, y = min(_around(x, y, reach), key=lambda at: (_difference(one, other, *at), abs(at[0] - x) + abs(at[1] - y)))
        if level == 0 or max(near.images[level - 1].shape) > SMALL:
            return float(x * near.factors[level]), float(y * near.factors[level])
        x, y, reach, level = 2 * x, 2 * y, 1, level - 1


def _around(x: int, y: int, reach: int) -> list[tuple[int, int]]:
    return [(x + i, y + j) for j in range(-reach, reach + 1) for i in range(-reach, reach + 1)]


def _share(near: Grey, far: Grey) -> float:
    """The first share whose thresholds neither exposure clips, else the one that they clip least."""
    low, high = CLEAR
    outside = [
        max(max(low - value, value - high, 0.0) for value in np.quantile(np.stack([near, far]), share, axis=(1, 2)))
        for share in SHARES
    ]
    return SHARES[int(np.argmin(outside))]


def _bitmap(image: Grey, share: float) -> tuple[Bits, Bits]:
    """Which pixels are above the threshold, and which clearly on one side of it."""
    threshold = np.quantile(image, share)
    return image > threshold, np.abs(image - threshold) > NOISE


def _difference(one: tuple[Bits, Bits], other: tuple[Bits, Bits], x: int, y: int) -> float:
    """Share of the pixels, clear in both, that differ once the second is moved by (x, y)."""
    height, width = one[0].shape
    rows, columns = _overlap(height, y), _overlap(width, x)
    here = (slice(*rows), slice(*columns))
    there = (slice(rows[0] + y, rows[1] + y), slice(columns[0] + x, columns[1] + x))
    clear = one[1][here] & other[1][there]
    count = int(np.count_nonzero(clear))
    if (rows[1] - rows[0]) * (columns[1] - columns[0]) < LEAST * height * width or count == 0:
        return np.inf
    return int(np.count_nonzero((one[0][here] ^ other[0][there]) & clear)) / count


def _overlap(side: int, move: int) -> tuple[int, int]:
    return max(0, -move), max(max(0, -move), min(side, side - move))

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
        if level == len(near.images) - 1:
            x, y = _best(one, other, reach)
        else:
            x, y = min(_around(x, y), key=lambda at: (_difference(one, other, *at), abs(at[0] - x) + abs(at[1] - y)))
        if level == 0 or max(near.images[level - 1].shape) > SMALL:
            return float(x * near.factors[level]), float(y * near.factors[level])
        x, y, level = 2 * x, 2 * y, level - 1


def _around(x: int, y: int) -> list[tuple[int, int]]:
    return [(x + i, y + j) for j in range(-1, 2) for i in range(-1, 2)]


def _best(one: tuple[Bits, Bits], other: tuple[Bits, Bits], reach: int) -> tuple[int, int]:
    """The shift up to `reach` with the least `_difference`, the nearest of several: all by two products of spectra.

    They count, exactly once they are rounded: pixels that are clear in both, and of those how many agree less how many
    differ.
    """
    height, width = one[0].shape
    size = height + reach, width + reach  # so much more that nothing comes round from the other side
    spectra = [np.fft.rfft2(np.stack([clear, np.where(bits, 1, -1) * clear]), size) for bits, clear in (one, other)]
    counts = np.rint(np.fft.irfft2(spectra[0].conj() * spectra[1], size))
    moves = np.arange(-reach, reach + 1)
    clear, agree = (count[np.ix_(moves, moves)] for count in counts)
    seen = np.multiply.outer(*(np.maximum(side - np.abs(moves), 0) for side in (height, width)))
    told = (seen >= LEAST * height * width) & (clear > 0)
    share = np.where(told, (clear - agree) / 2 / np.maximum(clear, 1), np.inf)
    far = np.add.outer(np.abs(moves), np.abs(moves))
    down, right = divmod(int(np.lexsort((far.ravel(), share.ravel()))[0]), len(moves))
    return int(moves[right]), int(moves[down])


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

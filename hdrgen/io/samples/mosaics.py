"""The values of a sensor under a colour filter of 2 x 2, before anything is made of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FAR = 2
"""Pixels to the next of the same colour."""
AROUND = [(y, x) for y in (-FAR, 0, FAR) for x in (-FAR, 0, FAR) if (y, x) != (0, 0)]
"""Where a pixel has its eight neighbours of the same colour."""


def values_at(
    mosaic: NDArray[np.uint16],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    offsets: Sequence[tuple[int, int]],
) -> NDArray[np.float64]:
    """What lies at some offsets of pixels, (N, len(offsets)); NaN beyond the sensor."""
    height, width = mosaic.shape
    y, x = (rows[:, None] + [each[0] for each in offsets], columns[:, None] + [each[1] for each in offsets])
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    found = mosaic[y.clip(0, height - 1), x.clip(0, width - 1)].astype(np.float64)
    return np.where(inside, found, np.nan)


def without_hot_pixels(mosaic: NDArray[np.uint16], places: NDArray[np.intp]) -> None:
    """Put the median of the neighbours of the same colour into hot pixels, in place."""
    if len(places):
        neighbours = values_at(mosaic, places[:, 0], places[:, 1], AROUND)
        mosaic[places[:, 0], places[:, 1]] = np.rint(np.nanmedian(neighbours, axis=1)).astype(mosaic.dtype)

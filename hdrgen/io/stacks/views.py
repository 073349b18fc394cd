"""Whether two photographs show the same view, from what is left of them at the size of a stamp."""

import numpy as np
from numpy.typing import NDArray

from hdrgen.io.image import Image

_SIDE = 64  # blocks along the longer side that are compared: a hand's motion is one or two of them
_FINE = 8  # pixels along a side of a block that are enough for its mean
ENOUGH = _FINE * _SIDE
"""Pixels of the longer side of a photograph that are enough to compare it."""
_AROUND = 4  # pixels on each side over which brightness and contrast are evened out
_NOISE = 0.01  # display values: a smaller contrast counts less
_FAR = 0.1  # of the sides: as far as a hand moves a camera between two exposures
SAME_VIEW = 0.4  # of what is the same twice; exposures four stops apart reach 0.7, other views 0.2


def likeness(first: Image, second: Image) -> float:
    """How alike two photographs are, whatever their exposures: 1 for the same, about 0 for others.

    The largest correlation of their evened-out brightness over the shifts that a hand makes; of photographs of
    different shapes 0.
    """
    one, other = _stamp(first), _stamp(second)
    if one.shape != other.shape:
        return 0.0
    product = np.fft.ifft2(np.fft.fft2(one) * np.fft.fft2(other).conj()).real
    rows, columns = (max(1, round(_FAR * side)) for side in one.shape)
    near = np.roll(product, (rows, columns), (0, 1))[: 2 * rows + 1, : 2 * columns + 1]
    energy = float(np.sqrt((one**2).sum() * (other**2).sum()))
    return float(near.max()) / energy if energy > 0 else 0.0


def _stamp(image: Image) -> NDArray[np.float64]:
    """Brightness in blocks, its mean and contrast evened out."""
    height, width = image.pixels.shape[:2]
    longer = max(height, width)
    rows, columns = (max(1, round(min(_SIDE, longer) * side / longer)) for side in (height, width))
    fine = max(1, longer // ENOUGH)
    grid = image.pixels[::fine, ::fine]
    scale = float(np.iinfo(grid.dtype).max) if grid.dtype.kind == "u" else 1.0
    grey = np.clip(grid.astype(np.float64).mean(-1) / scale, 0, 1)
    grey = np.sqrt(grey) if image.linear else grey
    blocks = _means(_means(grey, rows).T, columns).T
    flat = blocks - _blurred(blocks)
    return flat / np.sqrt(_blurred(flat**2) + _NOISE**2)


def _means(values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Means of `count` groups of rows."""
    starts = np.arange(count) * len(values) // count
    sums = np.add.reduceat(values, starts, axis=0)
    return np.asarray(sums / np.diff([*starts, len(values)])[:, None])


def _blurred(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over a square around each value."""
    for axis in (0, 1):
        padded = np.pad(
            values,
            [(_AROUND, _AROUND) if axis == each else (0, 0) for each in (0, 1)],
            mode="reflect" if min(values.shape) > _AROUND else "edge",
        )
        values = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1, axis).mean(-1)
    return values

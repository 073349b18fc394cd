"""Pictures worked on some rows at a time, so that intermediate results take little memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 256  # of 8,000 pixels in float32: 24 MB, little beside the picture and enough for NumPy to be fast


def bands(height: int) -> Iterator[slice]:
    """The rows of a picture in bands.

    >>> [(rows.start, rows.stop) for rows in bands(300)]
    [(0, 256), (256, 300)]
    """
    for start in range(0, height, _ROWS):
        yield slice(start, min(start + _ROWS, height))


def by_rows(
    function: Callable[[NDArray[Any]], NDArray[Any]], pixels: NDArray[Any], dtype: type | np.dtype[Any]
) -> NDArray[Any]:
    """`function` of (H, W, 3) pixels, worked out band by band into an array of `dtype`."""
    result = np.empty(pixels.shape, dtype)
    for rows in bands(len(pixels)):
        result[rows] = function(pixels[rows])
    return result

"""Pictures worked on some rows at a time, so that intermediate results take little memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 256  # of 8,000 pixels in float32: 24 MB, little beside the picture and enough for NumPy to be fast


def row_slices(height: int, rows: int = _ROWS) -> Iterator[slice]:
    """The rows of an image from the top down, at most `rows` at a time.

    >>> [(part.start, part.stop) for part in row_slices(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(start, min(start + rows, height)) for start in range(0, height, rows))


def by_rows(
    function: Callable[[NDArray[Any]], NDArray[Any]], pixels: NDArray[Any], dtype: type | np.dtype[Any]
) -> NDArray[Any]:
    """`function` of (H, W, 3) pixels, worked out band by band into an array of `dtype`."""
    result = np.empty(pixels.shape, dtype)
    for rows in row_slices(len(pixels)):
        result[rows] = function(pixels[rows])
    return result

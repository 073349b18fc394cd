"""Pictures worked on some rows at a time, so that intermediate results take little memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

_ROWS = 256
_PIXELS = (
    1 << 20
)  # in float32 12 MB each time they are held: little beside the picture, and enough for NumPy to be fast


def row_slices(height: int, rows: int = _ROWS) -> Iterator[slice]:
    """The rows of an image from the top down, at most `rows` at a time.

    >>> [(part.start, part.stop) for part in row_slices(5, 2)]
    [(0, 2), (2, 4), (4, 5)]
    """
    return (slice(start, min(start + rows, height)) for start in range(0, height, rows))


def rows_of(width: int) -> int:
    """How many rows of a picture are worked on at a time: a panorama may be as wide as others have pixels.

    >>> rows_of(4096), rows_of(65535), rows_of(2_000_000)
    (256, 16, 1)
    """
    return max(1, min(_ROWS, _PIXELS // max(1, width)))


def by_rows(
    function: Callable[[NDArray[Any]], NDArray[Any]], pixels: NDArray[Any], dtype: type | np.dtype[Any]
) -> NDArray[Any]:
    """`function` of (H, W, 3) pixels, worked out band by band into an array of `dtype`."""
    result = np.empty(pixels.shape, dtype)
    for rows in row_slices(len(pixels), rows_of(pixels.shape[1] if pixels.ndim > 1 else 1)):
        result[rows] = function(pixels[rows])
    return result

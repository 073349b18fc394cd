"""Display values as integer levels."""

from functools import partial
from typing import Any

import numpy as np

from hdrgen.io.image import Pixels
from hdrgen.io.rows import by_rows

_TYPES: dict[int, np.dtype[Any]] = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}


_HEADROOM = 8.0
"""That developed photographs keep above white, in highlights and by white balance; codes go further."""
_FLOAT_CODES = tuple(2.0**bits - 1 for bits in (8, 10, 12, 14, 16, 20, 24, 32))


def white_of_floats(largest: float) -> float:
    """The white of linear floats of which no more is known than the largest: 1, or the largest code of so many bits.

    >>> [white_of_floats(value) for value in (0.5, 1.2, 41234.0)]
    [1.0, 1.0, 65535.0]
    """
    if largest <= _HEADROOM:
        return 1.0
    return next((code for code in _FLOAT_CODES if largest <= 1.001 * (code + 1)), largest)


def quantised(pixels: Pixels, bits: int) -> Pixels:
    """Display values or levels at another depth: 8 or 16-bit levels, or 32-bit float.

    level = floor(clip(display, 0, 1) * (2^bits - 1) + 1/2); integers are display values level / (2^bits - 1).

    >>> quantised(np.array([-1.0, 0.5, 2.0]), 8).tolist()
    [0, 128, 255]
    >>> quantised(np.array([128], np.uint8), 16).tolist()
    [32896]
    """
    target = _TYPES[bits]
    if pixels.dtype == target:
        return pixels
    return by_rows(partial(_quantised, bits=bits), pixels, target)


def _quantised(pixels: Pixels, bits: int) -> Pixels:
    if pixels.dtype.kind == "u":
        display = pixels.astype(np.float64) / np.iinfo(pixels.dtype).max
    else:
        display = pixels.astype(np.float64 if bits == 16 else np.float32, copy=False)
    if bits == 32:
        return display
    levels = np.multiply(display, 2**bits - 1)
    levels += 0.5
    levels.clip(0.5, 2**bits - 0.5, out=levels)
    codes: Pixels = levels.astype(_TYPES[bits])  # here, where channels may lie in planes: across them it takes longer
    return codes

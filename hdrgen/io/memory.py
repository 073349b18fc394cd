"""Whether an image fits into memory, before any is taken for it."""

import math
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.available_memory import free_memory

_SHARE = 0.8
"""Of the free memory: the rest is for what else runs."""
_MARGIN = 1.1
"""By which estimates exceed what `benchmarks/reading_memory.py` measured: versions of libraries differ."""
_SMALL = 2**28
"""Bytes that are taken unasked: how much is free is not looked up for an ordinary photograph."""


def needed_memory(width: int, height: int, bytes_each: float) -> float:
    """Bytes, of those that were measured for each pixel."""
    return _MARGIN * width * height * bytes_each


def check_memory(path: str | Path, width: int, height: int, bytes_each: float, limit: float = math.inf) -> None:
    """Refuse an image for which there is not enough memory: else the system would end the program, or another one.

    Args:
        path: Named in the error.
        width: In pixels.
        height: In pixels.
        bytes_each: Measured peak for each pixel, of reading or of what is done with the image.
        limit: The megapixels that are allowed, for the message.

    Raises:
        InputError: More than a share of the free memory would be taken.
    """
    needed = needed_memory(width, height, bytes_each)
    if needed <= _SMALL:
        return
    free = free_memory()
    if needed > _SHARE * free:
        allowed = "" if math.isinf(limit) else f", which max_megapixels={limit:g} allows"
        size = f"{width} x {height} ({width * height / 1e6:.4g} megapixels{allowed})"
        raise InputError(
            f"{path}: expected at most {_SHARE:.0%} of the free memory ({free / 1e9:.3g} GB), found"
            f" {size}, which takes about {needed / 1e9:.3g} GB; end other programs, or reduce it",
            argument=None if math.isinf(limit) else "max_megapixels",
        )

"""Whether an image fits into memory, before any is taken for it."""

import math
from pathlib import Path

from hdrgen.errors import InputError

_SHARE = 0.8
"""Of the free memory: the rest is for what else runs, and for what is done with the pixels."""
_SMALL = 2**28
"""Bytes that are taken unasked: how much is free is not looked up for an ordinary photograph."""
_MASKS = 9
"""Bytes for each pixel of radiance while NaN, negative and black values are counted: three masks of three values."""


def pixel_bytes(itemsize: int, *, radiance: bool) -> int:
    """Bytes for each pixel of three channels, and while they are checked."""
    return 3 * itemsize + (_MASKS if radiance else 0)


def check_memory(path: Path, width: int, height: int, bytes_each: int, limit: float = math.inf) -> None:
    """Refuse an image for which there is not enough memory: else the system would end the program, or another one.

    Args:
        path: Named in the error.
        width: In pixels.
        height: In pixels.
        bytes_each: That reading takes for each pixel.
        limit: The megapixels that are allowed, for the message.

    Raises:
        InputError: More than a share of the free memory would be taken.
    """
    needed = width * height * bytes_each
    if needed <= _SMALL:
        return
    free = free_memory()
    if needed > _SHARE * free:
        allowed = "" if math.isinf(limit) else f", which max_megapixels={limit:g} allows"
        size = f"{width} x {height} ({width * height / 1e6:.4g} megapixels{allowed})"
        raise InputError(
            f"{path}: expected at most {_SHARE:.0%} of the free memory ({free / 1e9:.3g} GB), found"
            f" {size}, of which reading takes about {needed / 1e9:.3g} GB; end other programs, or reduce it",
            argument=None if math.isinf(limit) else "max_megapixels",
        )


def free_memory() -> int:
    """Bytes that programs can take without others being moved to the disk."""
    import psutil  # not before it is needed: most photographs are small

    return int(psutil.virtual_memory().available)

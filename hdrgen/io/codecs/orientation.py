"""EXIF orientations: 1 is upright, 2 to 8 are mirrored or turned."""

from collections.abc import Mapping

import numpy as np

from hdrgen.io.image import Pixels

_FIRST_SIDEWAYS = 5  # 5 to 8 turn the image by a quarter


def orientation_in(metadata: Mapping[str, object]) -> int:
    """The orientation among tags by OpenImageIO's names; anything but 1 to 8 counts as upright."""
    value = metadata.get("Orientation")
    return int(value) if isinstance(value, (int, float)) and 1 <= value <= 8 else 1


def upright_size(width: int, height: int, orientation: int) -> tuple[int, int]:
    """Width and height once the orientation is undone.

    >>> upright_size(3, 2, 6)
    (2, 3)
    """
    return (height, width) if orientation >= _FIRST_SIDEWAYS else (width, height)


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an orientation: transpose for 5 to 8, then mirror columns (2, 3, 6, 7) and rows (3, 4, 7, 8)."""
    if orientation >= _FIRST_SIDEWAYS:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def as_stored(pixels: Pixels, orientation: int) -> Pixels:
    """The inverse of `upright`.

    >>> pixels = np.arange(6).reshape(2, 3)
    >>> all((upright(as_stored(pixels, each), each) == pixels).all() for each in range(1, 9))
    True
    """
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels.swapaxes(0, 1) if orientation >= _FIRST_SIDEWAYS else pixels)

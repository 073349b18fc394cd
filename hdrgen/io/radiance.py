"""What radiance cannot be: NaN, infinite, negative; and black, which no logarithm takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.image import Pixels
from hdrgen.io.notes import Note
from hdrgen.io.rows import by_rows, row_slices, rows_of

Mask = NDArray[np.bool_]
_NAMES = ("NaN or infinite", "negative", "zero (black)")
_REMEDY = "pass clean=True to replace them"


class _Defects(NamedTuple):
    """Masks over values (H, W, 3) or pixels (H, W)."""

    nonfinite: Mask  # values
    negative: Mask  # values
    black: Mask  # pixels whose three values are zero

    @classmethod
    def of(cls, pixels: Pixels) -> _Defects:
        """Those of some rows: masks of a whole image would take more than an image of half floats."""
        return cls(~np.isfinite(pixels), pixels < 0, (pixels == 0).all(axis=-1))

    def counts(self) -> list[int]:
        """Of pixels, in the order of `_NAMES`."""
        return [int(mask.sum()) for mask in (self.nonfinite.any(axis=-1), self.negative.any(axis=-1), self.black)]


def checked_radiance(pixels: Pixels, path: Path, *, clean: bool) -> tuple[Pixels, list[Note]]:
    """Radiance without NaN and infinities, and a note that counts black, negative and replaced pixels.

    With `clean`, NaN and negative values and the values of wholly black pixels become the smallest positive value of
    the image, and +infinity its largest finite one. A zero in one channel of a coloured pixel is data and stays.

    Args:
        pixels: (H, W, 3) radiance, any float type; not changed.
        path: Named in the error.
        clean: Replace instead of failing.

    Returns:
        The pixels (the same array where there is nothing to replace) and the notes, none or one.

    Raises:
        InputError: NaN or infinite pixels without `clean`.
    """
    if _nothing_to_find(pixels):
        return pixels, []
    counts = np.sum([_Defects.of(part).counts() for part in _parts(pixels)], axis=0)
    if not counts.any():
        return pixels, []
    found = ", ".join(f"{count} {name}" for count, name in zip(counts, _NAMES, strict=True) if count)
    total = pixels.shape[0] * pixels.shape[1]
    if clean:
        return _cleaned(pixels), [Note(f"replaced {found} pixels of {total}")]
    if counts[0]:
        raise InputError(f"{path}: expected finite radiance, found {found} pixels; {_REMEDY}", argument="clean")
    return pixels, [Note(f"radiance holds {found} pixels of {total}; {_REMEDY}", "clean")]


def _nothing_to_find(pixels: Pixels) -> bool:
    """Whether all values are finite and none negative, and no pixel is black, by the order of the bits alone.

    As whole numbers, floats that are not negative are in the order of their values, infinity and NaN come behind them,
    and all with a sign before them: two passes decide, a thirtieth of the time of the masks.
    """
    bits = pixels.view(f"i{pixels.itemsize}")
    infinity = np.array(np.inf, pixels.dtype).view(bits.dtype)
    parts = list(_parts(bits))
    if any(part.max() >= infinity for part in parts):
        return False
    lowest = min(int(part.min()) for part in parts)
    return lowest > 0 or (lowest == 0 and all((part[..., 0] | part[..., 1] | part[..., 2]).all() for part in parts))


def _parts(pixels: Pixels) -> Iterator[Pixels]:
    return (pixels[rows] for rows in row_slices(len(pixels), rows_of(pixels.shape[1])))


def _cleaned(pixels: Pixels) -> Pixels:
    floor, ceiling = _range(pixels)

    def clean(rows: Pixels) -> Pixels:
        defects, result = _Defects.of(rows), rows.copy()
        result[defects.nonfinite | defects.negative] = floor
        result[rows == np.inf] = ceiling
        result[defects.black] = floor
        return result

    return by_rows(clean, pixels, pixels.dtype)


def _range(pixels: Pixels) -> tuple[Any, Any]:
    """The smallest and the largest of the positive finite values; zeros where there are none."""
    usable = (
        part[np.isfinite(part) & (part > 0)] for part in _parts(pixels)
    )  # one after the other: together they are a copy
    extremes = [(part.min(), part.max()) for part in usable if part.size]
    if not extremes:
        return pixels.dtype.type(0), pixels.dtype.type(0)
    return min(low for low, _ in extremes), max(high for _, high in extremes)

"""What radiance cannot be: NaN, infinite, negative; and black, which no logarithm takes."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.image import Pixels
from hdrgen.io.notes import Note

Mask = NDArray[np.bool_]
_REMEDY = "pass clean=True to replace them"


class _Defects(NamedTuple):
    """Masks over values (H, W, 3) or pixels (H, W)."""

    nonfinite: Mask  # values
    negative: Mask  # values
    black: Mask  # pixels whose three values are zero

    def __str__(self) -> str:
        counts = {
            "NaN or infinite": int(self.nonfinite.any(axis=-1).sum()),
            "negative": int(self.negative.any(axis=-1).sum()),
            "zero (black)": int(self.black.sum()),
        }
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


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
    defects = _Defects(~np.isfinite(pixels), pixels < 0, (pixels == 0).all(axis=-1))
    counts = str(defects)
    if not counts:
        return pixels, []
    if clean:
        return _cleaned(pixels, defects), [Note(f"replaced {counts} pixels of {defects.black.size}")]
    if defects.nonfinite.any():
        raise InputError(f"{path}: expected finite radiance, found {counts} pixels; {_REMEDY}", argument="clean")
    return pixels, [Note(f"radiance holds {counts} pixels of {defects.black.size}; {_REMEDY}", "clean")]


def _cleaned(pixels: Pixels, defects: _Defects) -> Pixels:
    usable = pixels[~defects.nonfinite & (pixels > 0)]
    floor, ceiling = (usable.min(), usable.max()) if usable.size else (pixels.dtype.type(0), pixels.dtype.type(0))
    result: NDArray[Any] = pixels.copy()
    result[defects.nonfinite | defects.negative] = floor
    result[pixels == np.inf] = ceiling
    result[defects.black] = floor
    return result

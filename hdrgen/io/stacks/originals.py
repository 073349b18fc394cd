"""Which of the images in a folder are photographs, and which were made of them."""

import warnings
from collections.abc import Sequence
from glob import escape
from pathlib import Path

from hdrgen.errors import InputError, InputWarning
from hdrgen.io.formats import SENSOR_SUFFIXES, is_result
from hdrgen.io.headers import known_header

_PREVIEW = "_preview"
"""At the end of the name of a preview, which earlier versions did not mark within the file."""
_PICTURES = (".jpg", ".jpeg")
_NAMED = 5  # files that a warning names


def originals(paths: Sequence[Path]) -> list[Path]:
    """The photographs; all images where none is one: whoever names two results means them."""
    return photographs_among(paths) or list(paths)


def named_originals(paths: Sequence[Path]) -> list[Path]:
    """As `originals`, of files that were named one by one, or by a pattern.

    Warns:
        InputWarning: Some are left out.
    """
    kept = originals(paths)
    if left_out := [path.name for path in paths if path not in kept]:
        named = ", ".join(left_out[:_NAMED]) + (f" and {len(left_out) - _NAMED} more" if left_out[_NAMED:] else "")
        why = "made of photographs, or the JPEG of a RAW file beside it"
        warnings.warn(InputWarning(f"{paths[0].parent}: left out {named}; {why}"), stacklevel=3)
    return kept


def photographs_among(paths: Sequence[Path]) -> list[Path]:
    """Without HDR images, pictures that hdrgen made, and JPEG files beside the RAW files of the same photographs."""
    kept = [path for path in paths if not (is_result(path) or _was_made(path))]
    raw = {path.with_suffix("") for path in kept if path.suffix.lower() in SENSOR_SUFFIXES}
    return [path for path in kept if path.suffix.lower() not in _PICTURES or path.with_suffix("") not in raw]


def _was_made(path: Path) -> bool:
    """Whether the file says so, or is a preview that lies beside what it is one of."""
    if path.stem.endswith(_PREVIEW) and _has_result(path):
        return True
    try:
        return known_header(path).reading.made
    except InputError:  # whoever reads it says what is wrong
        return False


def _has_result(preview: Path) -> bool:
    """Whether an HDR image of its name lies beside it."""
    return any(map(is_result, preview.parent.glob(f"{escape(preview.stem.removesuffix(_PREVIEW))}.*")))

"""Which of the images in a folder are photographs, and which were made of them."""

import re
import warnings
from collections.abc import Sequence
from glob import escape
from pathlib import Path

from hdrgen.errors import InputError, InputWarning
from hdrgen.io.formats import SENSOR_SUFFIXES, is_result
from hdrgen.io.headers import known_header

_PREVIEW = "_preview"
"""At the end of the name of a preview, which earlier versions did not mark within the file."""
_EXPOSED = re.compile(r"(.+)_ev[+-]\d+\.\d+")
"""The name of an exposure of an HDR image (`hdrgen expose`)."""
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
    """Without what was made of photographs, and without JPEG files beside the RAW files of the same photographs.

    Made are HDR images, pictures that hdrgen made, and exposures of an HDR image that lie beside it and a camera's.
    """
    kept = [path for path in paths if not (is_result(path) or _was_made(path))]
    kept = [path for path in kept if not _was_exposed(path)] or kept  # alone, they are the bracket that is meant
    raw = {path.with_suffix("") for path in kept if path.suffix.lower() in SENSOR_SUFFIXES}
    return [path for path in kept if path.suffix.lower() not in _PICTURES or path.with_suffix("") not in raw]


def _was_made(path: Path) -> bool:
    """Whether the file says so, or is a preview that lies beside what it is one of."""
    if path.stem.endswith(_PREVIEW) and _has_result(path, path.stem.removesuffix(_PREVIEW)):
        return True
    try:
        return known_header(path).reading.made
    except InputError:  # whoever reads it says what is wrong
        return False


def _was_exposed(path: Path) -> bool:
    """Whether a file is called like an exposure of an HDR image beside it."""
    name = _EXPOSED.fullmatch(path.stem)
    return name is not None and _has_result(path, name[1])


def _has_result(path: Path, name: str) -> bool:
    """Whether an HDR image of a name lies beside a file."""
    return any(map(is_result, path.parent.glob(f"{escape(name)}.*")))

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
        why = "made of photographs, or the JPEG of a RAW file beside it"
        warnings.warn(InputWarning(f"{paths[0].parent}: left out {_names(left_out)}; {why}"), stacklevel=3)
    return kept


def frames_among(paths: Sequence[Path]) -> list[Path]:
    """The photographs of a folder; where it holds none, HDR images that hdrgen did not make.

    These may be linear frames, from cameras of science or from renderers; a bracket has two at least.
    """
    return photographs_among(paths) or [path for path in paths if not _was_made(path)]


def tell_left_out(folder: Path, images: Sequence[Path]) -> None:
    """Say which images of a folder are no exposures, but for those that hdrgen made itself.

    Warns:
        InputWarning: Some are left out.
    """
    if left_out := without_frames(images):
        warnings.warn(InputWarning(f"{folder}: left out {left_out}; name files to have them merged"), stacklevel=3)


def without_frames(images: Sequence[Path], *, own: bool = False) -> str:
    """What images of a folder are that are none of its frames, in words; those that hdrgen made only with `own`."""
    kept, kinds = frames_among(images), dict[str, list[str]]()
    for path in images:
        made = _was_made(path)
        if path not in kept and (own or not made):
            kinds.setdefault(_kind(path, made), []).append(path.name)
    return ", ".join(f"{_names(names)} ({kind})" for kind, names in kinds.items())


def _kind(path: Path, made: bool) -> str:
    if made:
        return "made by hdrgen"
    if is_result(path):
        return "HDR images, results and no exposures"
    return "exposures of an HDR image beside them" if _was_exposed(path) else "JPEG of the RAW files beside them"


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if names[_NAMED:] else "")


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

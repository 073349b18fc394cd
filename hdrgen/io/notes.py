"""What a user should know of an image that was read or written all the same."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hdrgen.errors import InputWarning


class Note(NamedTuple):
    """A few words, and the argument that they name, if they do: see `hdrgen.errors.InputWarning`."""

    text: str
    argument: str | None = None


def warn_of(path: Path, notes: Sequence[Note], *, stacklevel: int = 1) -> None:
    """One warning with all notes about a file, none without any; `stacklevel` as of `warnings.warn`."""
    if notes:
        argument = next((note.argument for note in notes if note.argument), None)
        message = f"{path}: {'; '.join(note.text for note in notes)}"
        warnings.warn(InputWarning(message, argument), stacklevel=stacklevel + 1)

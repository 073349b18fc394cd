"""What a user should know of an image that was read or written all the same."""

import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hdrgen.errors import InputWarning


class Note(NamedTuple):
    """A few words, and the argument that they name, if they do: see `hdrgen.errors.InputWarning`."""

    text: str
    argument: str | None = None


_thread = threading.local()


def warn_of(path: Path, notes: Sequence[Note], *, stacklevel: int = 1) -> None:
    """One warning with all notes about a file, none without any; `stacklevel` as of `warnings.warn`."""
    if notes:
        argument = next((note.argument for note in notes if note.argument), None)
        message = f"{path}: {'; '.join(note.text for note in notes)}"
        warning, held = InputWarning(message, argument), getattr(_thread, "held", None)
        if held is None:
            warnings.warn(warning, stacklevel=stacklevel + 1)
        else:
            held.append(warning)


@contextmanager
def notes_held() -> Iterator[list[InputWarning]]:
    """Within this, warnings about files of this thread go to the list: others may keep stderr quiet (`stderr.py`)."""
    _thread.held = held = list[InputWarning]()
    try:
        yield held
    finally:
        _thread.held = None

"""Warnings as a user should read them: one line each, without the source line that raised them."""

import contextlib
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TextIO

from hdrgen.errors import InputWarning
from hdrgen.text_table import printable


def as_it_is(message: str, argument: str | None) -> str:
    """The message itself, whatever argument it is about."""
    return message


@contextlib.contextmanager
def one_line_warnings(words: Callable[[str, str | None], str] = as_it_is) -> Iterator[None]:
    """Print each warning as `hdrgen: warning: ...` on stderr, but for deprecations, which are for programmers.

    What is said word for word again, of a folder that is looked through twice for example, is printed once. What
    `python -W` or PYTHONWARNINGS asks for wins.

    Args:
        words: Turns a message, and the argument that it is about, into what is printed.
    """
    said = set[str]()

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        text = words(str(message), message.argument if isinstance(message, InputWarning) else None)
        if text in said:
            return
        said.add(text)
        with _above_progress_bar():
            say_at_once(f"hdrgen: warning: {printable(' '.join(text.split()))}", file)

    with warnings.catch_warnings():
        if not sys.warnoptions:
            for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", category)
        warnings.showwarning = show
        yield


def say_at_once(line: str, file: TextIO | None = None) -> None:
    """Print a line on stderr in one piece with its end: other processes of a run may write there at the same moment."""
    print(f"{line}\n", end="", file=file or sys.stderr, flush=True)


def _above_progress_bar() -> contextlib.AbstractContextManager[Any]:
    """A line that is printed within appears above a progress bar, not through it."""
    tqdm = sys.modules.get("tqdm")  # whoever shows a bar has imported it
    mode: contextlib.AbstractContextManager[Any] = (
        tqdm.tqdm.external_write_mode(sys.stderr) if tqdm else contextlib.nullcontext()
    )
    return mode

"""Warnings as a user should read them: one line each, without the source line that raised them."""

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Any, TextIO


@contextlib.contextmanager
def one_line_warnings() -> Iterator[None]:
    """Print each warning as `hdrgen: warning: ...` on stderr, and leave out those that are for programmers.

    What `python -W` or PYTHONWARNINGS asks for wins.
    """
    with warnings.catch_warnings():
        if not sys.warnoptions:
            for category in (DeprecationWarning, PendingDeprecationWarning, FutureWarning):
                warnings.simplefilter("ignore", category)
        warnings.showwarning = show
        yield


def show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Take the place of `warnings.showwarning`; the line appears above a progress bar, not within it."""
    with _above_progress_bar():
        print("hdrgen: warning:", " ".join(str(message).split()), file=file or sys.stderr, flush=True)


def _above_progress_bar() -> contextlib.AbstractContextManager[Any]:
    tqdm = sys.modules.get("tqdm")  # whoever shows a bar has imported it
    mode: contextlib.AbstractContextManager[Any] = (
        tqdm.tqdm.external_write_mode(sys.stderr) if tqdm else contextlib.nullcontext()
    )
    return mode

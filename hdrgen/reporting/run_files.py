"""Files of a run that may come from a stranger: only what lies in its folder, and no more than a page can show."""

import csv
import io
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from hdrgen.errors import InputError, InputWarning
from hdrgen.plain_files import read_json, read_text

ROWS = 500_000
"""Most of a CSV file: a training of 25 million steps, logged at every fiftieth."""
COLUMNS = 500
NUMBERS = 2_000_000
"""Most that are read of what a training logged."""
TABLE = 2**25
"""Most bytes of a CSV file."""

Content = TypeVar("Content")
Other = TypeVar("Other")
Arguments = ParamSpec("Arguments")


def or_warn(
    otherwise: Other, read: Callable[Arguments, Content], *args: Arguments.args, **keywords: Arguments.kwargs
) -> Content | Other:
    """What `read` returns; where it cannot, a warning that says why, and `otherwise`."""
    try:
        return read(*args, **keywords)
    except InputError as error:
        warnings.warn(InputWarning(f"{error}; left out"), stacklevel=2)
        return otherwise


def within(path: Path, folder: Path) -> Path:
    """The path, once it is known to lie in the folder, whatever links it consists of.

    Raises:
        InputError: It leads elsewhere.
    """
    try:
        target = path.resolve()
        inside = target.is_relative_to(folder.resolve())
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        raise InputError(f"{path}: {error}") from error
    if not inside:
        raise InputError(f"{path}: expected a file in {folder}, found a link out of it")
    return path


def text_in(path: Path, folder: Path) -> str:
    """A text, whatever its bytes.

    Raises:
        InputError: A link out of the folder, or a file that cannot be read, or is too large.
    """
    return read_text(within(path, folder), errors="replace")


def object_in(path: Path, folder: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        InputError: As of `text_in`, or anything else.
    """
    content = read_json(within(path, folder))
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected an object, found {type(content).__name__}")
    return content


def rows_in(path: Path, folder: Path, expected: set[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV file; what is missing at the end of one is empty.

    Raises:
        InputError: As of `text_in`, no CSV, a column that is missing, or more than a page can show.
    """
    rows = csv.reader(io.StringIO(read_text(within(path, folder), TABLE, "replace"), newline=""))
    try:
        head = next(rows, [])
        if missing := expected.difference(head):
            raise InputError(
                f"{path}: expected columns {', '.join(sorted(expected))}, found no {', '.join(sorted(missing))}"
            )
        if len(head) > COLUMNS:
            raise InputError(f"{path}: expected at most {COLUMNS} columns, found {len(head)}")
        for at, row in enumerate(rows):
            if at == ROWS:
                raise InputError(f"{path}: expected at most {ROWS} rows, found more")
            if row:
                yield dict(zip(head, row + [""] * (len(head) - len(row)), strict=False))
    except csv.Error as error:
        raise InputError(f"{path}: expected CSV, {error}") from error

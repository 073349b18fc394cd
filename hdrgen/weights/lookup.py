"""The files that words stand for: the newest checkpoint below a folder, the best of its run, weights by name."""

import os
import warnings
from pathlib import Path

from hdrgen.errors import InputError, InputWarning
from hdrgen.weights.best import best_known
from hdrgen.weights.checkpoint import read_checkpoint
from hdrgen.weights.entries import find_weights, unknown_weights
from hdrgen.weights.origin import class_name_in

RUNS = "runs"
"""Folder of the runs, unless the user names another."""


def find_checkpoint(asked: str, folder: str | Path = RUNS, method: str | None = None) -> Path | None:
    """The file that a user means: `last` and `best` are those of the newest run below `folder`.

    A word without a suffix and without a separator, such as `cevr`, is a name of the catalogue before it is a path;
    `./cevr` and `cevr.ckpt` are paths where they are there, and names otherwise.

    Args:
        asked: A path, `last`, `best`, or a name of the catalogue.
        folder: Of the runs.
        method: Class name of the method whose runs count; None: of any.

    Returns:
        None where there is no run yet.

    Warns:
        InputWarning: A word that stands for weights, while a file or folder of that name lies here.

    Raises:
        InputError: A word that stands for nothing; see `find_best`.
    """
    if asked not in ("last", "best"):
        return _named(asked)
    last = find_last(folder, method)
    return find_best(last) if last and asked == "best" else last


def _named(asked: str) -> Path:
    path = Path(asked)
    bare = not path.suffix and not any(sign in asked for sign in (os.sep, os.altsep or os.sep))
    if not bare and path.exists():
        return path
    found = find_weights(asked)
    if found is None and bare and not path.exists():
        raise unknown_weights(asked)
    if found and bare and path.exists():
        warnings.warn(
            InputWarning(f"{asked!r} means the weights {found}; the file or folder of that name here is ./{asked}"),
            stacklevel=3,
        )
    return found or path


def find_last(folder: str | Path, method: str | None = None) -> Path | None:
    """The newest `last.ckpt` below a folder, of one method where its class name is given."""
    files = sorted(Path(folder).rglob("last*.ckpt"), key=lambda file: file.stat().st_mtime, reverse=True)
    fitting = (file for file in files if method is None or class_name_in(read_checkpoint(file)) == method)
    return next(fitting, None)


def find_best(last: Path) -> Path:
    """The best checkpoint that is there, of the run which wrote `last` and of those that it went on from.

    Raises:
        InputError: They scored nothing, or the file is gone.
    """
    known = best_known(read_checkpoint(last), last.parent)
    if not known:
        raise InputError(f"the run of {last} has no best checkpoint: it had no validation scores; take {last} instead")
    for best in known:
        if best.path.is_file():
            return best.path
    raise InputError(f"the best checkpoint {known[0].path} is gone; take {last} instead")

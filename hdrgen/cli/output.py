"""Where the light verbs write to."""

import argparse
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from hdrgen.errors import InputError


def add_output_arguments(parser: argparse.ArgumentParser, what: str) -> None:
    """-o and --overwrite."""
    parser.add_argument("-o", "--output", type=Path, help=what)
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def output_files(output: Path | None, names: Sequence[str], suffix: str) -> list[Path]:
    """The file of each result: `output` itself, or, where that is a folder, a file of each name in it.

    Raises:
        InputError: A file for several results, or two results of one name.
    """
    if output is not None and output.suffix and not output.is_dir():
        if len(names) > 1:
            raise InputError(f"{output}: expected a folder for {len(names)} results, found a file name")
        return [output]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"two results are called {twice[0]}, and would be the same file; write them one by one")
    return [(output or Path()) / f"{name}{suffix}" for name in names]


def refuse_existing(files: Iterable[Path], overwrite: bool) -> None:
    """Raise before any work is done if a file would be replaced or cannot be written.

    Raises:
        InputError: A file exists and may not be replaced; no permission.
    """
    for file in files:
        if file.exists() and not overwrite:
            raise InputError(f"{file} exists already; pass --overwrite, or another name with -o")
        there = next(path for path in (file.absolute().parent, *file.absolute().parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            found = "a folder without permission" if there.is_dir() else "a file"
            raise InputError(f"{there}: expected a folder to write to, found {found}; choose another with -o")

"""Where the light verbs write to."""

import argparse
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from hdrgen.errors import InputError
from hdrgen.plain_files import refuse_inputs

Item = TypeVar("Item")


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


def add_skip_argument(parser: argparse.ArgumentParser) -> None:
    """--skip-existing, for verbs that work on many files."""
    parser.add_argument("--skip-existing", action="store_true", help="leave out what is there, and do the rest")


def check_skipping(options: argparse.Namespace) -> None:
    """Raise where what exists is to be both replaced and left.

    Raises:
        InputError: --skip-existing and --overwrite.
    """
    if options.skip_existing and options.overwrite:
        raise InputError("--skip-existing and --overwrite contradict each other; leave one out")


def left_to_do(
    items: Sequence[Item],
    files: Callable[[Item], Sequence[Path]],
    options: argparse.Namespace,
    noun: str,
    sources: Iterable[Path],
) -> list[Item]:
    """What is still to be done: all items, or with --skip-existing those whose files are not all there, once told.

    A file has its name only once it is complete, so that what an interrupted command left half written does not count.

    Args:
        items: Inputs.
        files: The results of one.
        options: With `overwrite` and `skip_existing`.
        noun: What the items are, in the plural.
        sources: What they are made of, which no result replaces.

    Raises:
        InputError: A file exists, and may be neither replaced nor left; a folder without permission.
    """
    check_skipping(options)
    if not options.skip_existing:
        refuse_existing([file for item in items for file in files(item)], options.overwrite, sources)
        return list(items)
    left = [item for item in items if not all(file.is_file() for file in files(item))]
    all_exist(len(items) - len(left), len(items), noun)
    refuse_existing([file for item in left for file in files(item)], overwrite=True, sources=sources)
    return left


def all_exist(done: int, total: int, noun: str) -> bool:
    """Say how many results are there already, and whether these are all."""
    if done and os.environ.get("LOCAL_RANK", "0") == "0":  # of several processes of a run, the first speaks
        rest = "nothing is left to do" if done == total else "these are left out"
        print(f"{done} of {total} {noun} exist already; {rest}", flush=True)
    return done == total


def refuse_existing(files: Iterable[Path], overwrite: bool, sources: Iterable[Path] = ()) -> None:
    """Raise before any work is done if a file would be replaced or cannot be written.

    Args:
        files: What will be written.
        overwrite: Whether it may replace what is there.
        sources: What it is made of, which it never replaces, by whatever name.

    Raises:
        InputError: A file exists and may not be replaced; no permission.
    """
    files = list(files)
    refuse_inputs(files, sources)
    for file in files:
        if file.exists() and not overwrite:
            raise InputError(f"{file} exists already; pass --overwrite, or another name with -o")
        there = next(path for path in (file.absolute().parent, *file.absolute().parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            found = "a folder without permission" if there.is_dir() else "a file"
            raise InputError(f"{there}: expected a folder to write to, found {found}; choose another with -o")

"""The part of a folder's scenes that a data set takes, and what to say when it does not hold what is expected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from hdrgen.errors import InputError
from hdrgen.io import natural_key

SHOWN = 8
Scene = TypeVar("Scene")


def part_of(items: Sequence[Scene], scenes: tuple[float, float]) -> list[Scene]:
    """The items between two shares of a sorted list, such as (0, 0.8) for training and (0.8, 1) for test.

    Raises:
        InputError: the shares are not in order within [0, 1], or nothing lies between them.

    >>> part_of("abcde", (0.0, 0.8)), part_of("abcde", (0.8, 1.0))
    (['a', 'b', 'c', 'd'], ['e'])
    """
    start, stop = scenes
    if not 0 <= start < stop <= 1:
        raise InputError(f"expected a part of the scenes between 0 and 1, such as (0, 0.8), found {scenes}")
    chosen = items[round(start * len(items)) : round(stop * len(items))]
    if not chosen:
        raise InputError(f"expected at least one scene in the part {scenes}, found none of {len(items)}; widen it")
    return list(chosen)


def scenes_of(paths: Sequence[Path], scenes: tuple[float, float], only: str | None = None) -> list[Path]:
    """The folders or files of the wanted scenes, in their order on disk.

    Args:
        paths: of all scenes, sorted.
        scenes: the part that is wanted, see `part_of`.
        only: names of the scenes to take that part of, separated by commas; `*` and `?` stand for any letters.

    Raises:
        InputError: a wanted scene is not there, or the part is empty.

    >>> [path.name for path in scenes_of([Path("C01"), Path("C02"), Path("C10.nef")], (0.0, 1.0), "C1*,C01")]
    ['C01', 'C10.nef']
    """
    if only is None:
        return part_of(paths, scenes)
    patterns = [pattern.strip() for pattern in only.split(",")]
    unknown = [pattern for pattern in patterns if not any(_is_named(path, pattern) for path in paths)]
    if unknown:
        there = ", ".join(path.name for path in paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
        raise InputError(f"expected only scenes among {there}, found {', '.join(unknown) or 'none'}; correct only")
    return part_of([path for path in paths if any(_is_named(path, pattern) for pattern in patterns)], scenes)


def _is_named(path: Path, pattern: str) -> bool:
    return fnmatchcase(path.name, pattern) or fnmatchcase(path.stem, pattern)


def folders_in(folder: Path) -> list[Path]:
    """The visible folders directly in a folder, in natural order (`t2` before `t10`); none if there is no folder."""
    if not folder.is_dir():
        return []
    return sorted((path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."), key=natural_key)


def first_folder(root: Path, *places: str) -> Path | None:
    """The first of these folders below `root` that is there; `.` is `root` itself."""
    return next((root / place for place in places if (root / place).is_dir()), None)


def wrong_layout(root: Path, expected: str, advice: str) -> InputError:
    """The error that shows the expected tree beside what was found.

    Args:
        root: the folder the user named.
        expected: the tree on one line, e.g. `<root>/<scene>/{images, exposures.csv}`.
        advice: what to do.
    """
    return InputError(f"{root}: expected {expected}, found {tree_of(root)}; {advice}")


def tree_of(folder: Path) -> str:
    """Two levels of a folder on one line: `a/ {2 .png, 1 .csv}, b/ {empty}, notes.txt`."""
    if not folder.is_dir():
        return "a file" if folder.exists() else "nothing"
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    shown = [f"{path.name}/ {{{_contents(path)}}}" if path.is_dir() else path.name for path in entries[:SHOWN]]
    more = [f"{len(entries) - SHOWN} more"] if len(entries) > SHOWN else []
    return ", ".join(shown + more) or "an empty folder"


def _contents(folder: Path) -> str:
    kinds = Counter("folders" if path.is_dir() else path.suffix or path.name for path in folder.iterdir())
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "empty"

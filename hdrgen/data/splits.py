"""Which of the scenes on disk a data set takes: a share of them, or those of some names."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from hdrgen.errors import InputError

SHOWN = 8
"""Names that an error lists."""
Scene = TypeVar("Scene")


def part_of(items: Sequence[Scene], scenes: tuple[float, float]) -> list[Scene]:
    """The items between two shares of a sorted list, such as (0, 0.8) for training and (0.8, 1) for test.

    Raises:
        InputError: The shares are not in order within [0, 1], or nothing lies between them.

    >>> part_of("abcde", (0.0, 0.8)), part_of("abcde", (0.8, 1.0))
    (['a', 'b', 'c', 'd'], ['e'])
    """
    start, stop = scenes
    if not 0 <= start < stop <= 1:
        raise InputError(f"expected a part of the scenes between 0 and 1, such as (0, 0.8), found {scenes}")
    part = items[round(start * len(items)) : round(stop * len(items))]
    if not part:
        raise InputError(f"expected at least one scene in the part {scenes}, found none of {len(items)}; widen it")
    return list(part)


def scenes_of(paths: Sequence[Path], scenes: tuple[float, float], only: str | None = None) -> list[Path]:
    """The folders or files of the scenes that `scenes` and `only` select, in their order on disk.

    Args:
        paths: Of all scenes, sorted.
        scenes: The part of them to take, see `part_of`.
        only: Names of the scenes to take that part of, separated by commas; `*` and `?` stand for any letters.

    Raises:
        InputError: A name in `only` is that of no scene, or the part is empty.

    >>> [path.name for path in scenes_of([Path("C01"), Path("C02"), Path("C10.nef")], (0.0, 1.0), "C1*,C01")]
    ['C01', 'C10.nef']
    """
    if only is None:
        return part_of(paths, scenes)
    patterns = [pattern.strip() for pattern in only.split(",")]
    unknown = [pattern for pattern in patterns if not any(_is_named(path, pattern) for path in paths)]
    if unknown:
        names = ", ".join(path.name for path in paths[:SHOWN]) + (", ..." if len(paths) > SHOWN else "")
        raise InputError(f"expected only scenes among {names}, found {', '.join(unknown) or 'none'}; correct only")
    return part_of([path for path in paths if any(_is_named(path, pattern) for pattern in patterns)], scenes)


def _is_named(path: Path, pattern: str) -> bool:
    return fnmatchcase(path.name, pattern) or fnmatchcase(path.stem, pattern)

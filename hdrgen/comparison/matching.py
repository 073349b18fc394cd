"""Which image is compared with which: two files, or the files of one name in two folders."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from hdrgen.errors import InputError
from hdrgen.io import ARRAY_SUFFIX, images_in, natural_key, with_usable_names

_NAMED = 5  # files without partner that the error names


class Pair(NamedTuple):
    """The truth, and what is compared with it."""

    reference: Path
    test: Path


def find_pairs(reference: Path, test: Path) -> list[Pair]:
    """The pair of two files, or the pairs of all images in two folders by their names without suffix.

    Raises:
        InputError: One is a folder and the other is none; a folder without images, or with two of one name; an image
            without partner.
    """
    for path in (reference, test):
        if not path.exists():
            raise InputError(f"{path}: no such file or folder; check the name")
    if reference.is_dir() != test.is_dir():
        folder, file = (reference, test) if reference.is_dir() else (test, reference)
        raise InputError(f"expected two files or two folders, found the folder {folder} and the file {file}")
    if not reference.is_dir():
        return [Pair(reference, test)]
    truths, tests = _by_stem(reference), _by_stem(test)
    _check_partners(truths.keys() - tests.keys(), reference, test)
    _check_partners(tests.keys() - truths.keys(), test, reference)
    return [Pair(path, tests[stem]) for stem, path in truths.items()]


def _by_stem(folder: Path) -> dict[str, Path]:
    arrays = (path for path in folder.iterdir() if path.suffix.lower() == ARRAY_SUFFIX and path.is_file())
    stems: dict[str, list[Path]] = defaultdict(list)
    for path in sorted([*images_in(folder), *with_usable_names(folder, arrays)], key=natural_key):
        stems[path.stem].append(path)
    if not stems:
        raise InputError(f"{folder}: no images in this folder; name a folder that holds some")
    for first, *others in stems.values():
        if others:
            raise InputError(f"{folder}: expected one image of each name, found {first.name} and {others[0].name}")
    return {stem: paths[0] for stem, paths in stems.items()}


def _check_partners(alone: Iterable[str], where: Path, missing: Path) -> None:
    names = sorted(alone)
    if names:
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        raise InputError(
            f"{missing}: expected an image for each of {where}, found none named {', '.join(names[:_NAMED])}{more}"
        )

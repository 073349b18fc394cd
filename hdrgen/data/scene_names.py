"""Unique names of scenes, which seed their randomness and name what is written for them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path


def names_of_files(paths: Sequence[Path]) -> list[str]:
    """File names without suffixes; the second of one name gets `_2`, and so on.

    >>> names_of_files([Path("a/sky.jpg"), Path("b/sky.jpg"), Path("b/sky_2.jpg")])
    ['sky', 'sky_3', 'sky_2']
    """
    names: list[str] = []
    stems = {path.stem for path in paths}
    for path in paths:
        name, number = path.stem, 2
        # A number that another file has in its own name is left to that file.
        while name in names or (number > 2 and name in stems):
            name, number = f"{path.stem}_{number}", number + 1
        names.append(name)
    return names


def names_of_folders(folders: Sequence[Path]) -> list[str]:
    """Folder names, with that of the folder above where two are the same.

    >>> names_of_folders([Path("day/street"), Path("night/street"), Path("night/park")])
    ['day_street', 'night_street', 'park']
    """
    # `.` and `..` have no name of their own; resolving every folder of a large data set would take seconds.
    paths = [folder if folder.name not in ("", "..") else folder.resolve() for folder in folders]
    counts = Counter(path.name for path in paths)
    return [path.name if counts[path.name] == 1 else f"{path.parent.name}_{path.name}" for path in paths]

"""Unique names of scenes, which seed their randomness and name what is written for them."""

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

LONGEST = 200
"""Bytes of a scene's name: file systems take 255, and names of results and of their temporary files are longer."""


def names_of_files(paths: Sequence[Path]) -> list[str]:
    """File names without suffixes; the second of one name gets `_2`, and so on. Very long ones are shortened.

    >>> names_of_files([Path("a/sky.jpg"), Path("b/sky.jpg"), Path("b/sky_2.jpg")])
    ['sky', 'sky_3', 'sky_2']
    """
    names: dict[str, None] = {}
    stems = [shortened(path.stem) for path in paths]
    own = set(stems)
    for stem in stems:
        name, number = stem, 2
        # A number that another file has in its own name is left to that file.
        while name in names or (number > 2 and name in own):
            name, number = f"{stem}_{number}", number + 1
        names[name] = None
    return list(names)


def shortened(name: str) -> str:
    """`name`, or its beginning and eight digits of all of it where it has more than `LONGEST` bytes.

    >>> len(shortened("a" * 255)), shortened("sky")
    (200, 'sky')
    """
    content = os.fsencode(name)
    if len(content) <= LONGEST:
        return name
    digits = hashlib.blake2b(content, digest_size=4).hexdigest()
    begin = content[: LONGEST - 1 - len(digits)].decode(errors="ignore")  # no half character at its end
    return f"{begin}~{digits}"


def names_of_folders(folders: Sequence[Path]) -> list[str]:
    """Folder names, with that of the folder above where two are the same.

    >>> names_of_folders([Path("day/street"), Path("night/street"), Path("night/park")])
    ['day_street', 'night_street', 'park']
    """
    # `.` and `..` have no name of their own; resolving every folder of a large data set would take seconds.
    paths = [folder if folder.name not in ("", "..") else folder.resolve() for folder in folders]
    counts = Counter(path.name for path in paths)
    return [path.name if counts[path.name] == 1 else f"{path.parent.name}_{path.name}" for path in paths]

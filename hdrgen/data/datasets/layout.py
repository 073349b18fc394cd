"""The folders of a data set on disk, and the error where its layout is another."""

from collections import Counter
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io import natural_key

SHOWN = 8
"""Most entries that an error lists: its line stays readable for folders of thousands."""


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
        root: The folder the user named.
        expected: The tree on one line, e.g. `<root>/<scene>/{images, exposures.csv}`.
        advice: What to do.
    """
    return InputError(f"{root}: expected {expected}, found {tree_of(root)}; {advice}")


def tree_of(folder: Path) -> str:
    """Two levels of a folder on one line: `a/ {2 .png, 1 .csv}, b/ {empty}, notes.txt`."""
    if not folder.is_dir():
        return "a file" if folder.exists() else "nothing"
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    names = [f"{path.name}/ {{{_contents(path)}}}" if path.is_dir() else path.name for path in entries[:SHOWN]]
    more = [f"{len(entries) - SHOWN} more"] if len(entries) > SHOWN else []
    return ", ".join(names + more) or "an empty folder"


def _contents(folder: Path) -> str:
    kinds = Counter("folders" if path.is_dir() else path.suffix or path.name for path in folder.iterdir())
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "empty"

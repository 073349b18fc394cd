"""What to say when a folder does not hold what a data set expects."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hdrgen.errors import InputError

SHOWN = 8


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

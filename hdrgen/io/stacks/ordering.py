"""Names in the order that people expect."""

import re
from pathlib import Path

_NUMBER = re.compile(r"(\d+)")


def natural_key(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key by which `img2` comes before `img10`, ignoring case; equal names fall back to the exact path.

    >>> [p.name for p in sorted([Path("img10.jpg"), Path("img2.jpg"), Path("IMG1.jpg")], key=natural_key)]
    ['IMG1.jpg', 'img2.jpg', 'img10.jpg']
    """
    pieces = _NUMBER.split(str(path).lower())
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, piece) for piece in pieces if piece], str(path)

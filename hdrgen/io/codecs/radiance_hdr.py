"""The line of a Radiance file that OpenImageIO neither reads nor writes: the primaries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

_KEY = b"PRIMARIES="
_LONGEST = 1 << 14


def primaries_of(path: Path) -> tuple[float, ...] | None:
    """x, y of red, green, blue and white of a Radiance file; None without the line, or with one of zeros."""
    with path.open("rb") as stream:
        head = stream.read(_LONGEST).partition(b"\n\n")[0]
    line = next((line for line in head.splitlines() if line.startswith(_KEY)), b"")
    try:
        found = tuple(float(word) for word in line[len(_KEY) :].split())
    except ValueError:
        return None
    usable = len(found) == 8 and np.isfinite(found).all() and all(y > 0 for y in found[1::2])
    return found if usable else None


def add_primaries(path: Path, chromaticities: Sequence[float]) -> None:
    """Put the line into a file that was just written, in front of the empty line that ends its header."""
    head, end, rest = path.read_bytes().partition(b"\n\n")
    line = _KEY + b" ".join(b"%.4f" % number for number in chromaticities)
    path.write_bytes(head + b"\n" + line + end + rest)

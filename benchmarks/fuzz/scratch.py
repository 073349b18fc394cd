"""Files for parsers that want a path, in memory where the system allows."""

import tempfile
from functools import cache
from pathlib import Path

SHARED = Path("/dev/shm")


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="hdrgen-fuzz-", dir=SHARED if SHARED.is_dir() else None)


def scratch() -> Path:
    """A folder that goes with the process."""
    return Path(_folder().name)


def file_of(content: bytes, name: str) -> Path:
    """The bytes as a file in it."""
    path = scratch() / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path

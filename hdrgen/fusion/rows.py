"""Photographs that are handed out some rows at a time, and by how many threads."""

import os
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Block = NDArray[Any]

ROWS = 128  # are read of every frame at a time


class Rows(Protocol):
    """A photograph whose rows are handed out from the first to the last: display values (H, W, 3)."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W, 3)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the rows: uint8 or uint16 codes, or float32 display values in [0, 1]."""

    def __getitem__(self, rows: slice) -> Block:
        """Some rows, (n, W, 3)."""


def available_cores() -> int:
    """Cores that this process may run on; macOS and Windows tell only how many the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

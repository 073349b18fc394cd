"""What `hdrgen methods` and `hdrgen metrics` say, kept so that they need not import torch: `make listings`."""

from collections.abc import Callable
from typing import Any

from hdrgen.cli import keep_entries
from hdrgen.commands import methods, metrics

ROOMS: dict[str, Callable[[], list[Any]]] = {"methods": methods.describe_all, "metrics": metrics.describe_all}
"""How the entries of each room are found."""


def keep() -> None:
    """Write both."""
    for room, describe in ROOMS.items():
        keep_entries(room, describe())
        print(f"hdrgen/{room}/listing.json")


if __name__ == "__main__":
    keep()

"""What `hdrgen methods` and `hdrgen metrics` say, kept so that they need not import torch: `make listings`."""

import json
from collections.abc import Callable
from typing import Any

from hdrgen.cli.tables import digest_of, listing_file
from hdrgen.commands import methods, metrics

ROOMS: dict[str, Callable[[], list[Any]]] = {"methods": methods.describe_all, "metrics": metrics.describe_all}
"""How the entries of each room are found."""


def keep_entries(room: str, entries: list[Any]) -> None:
    """Write `ROOM/listing.json`, one entry on a line."""
    lines = ",\n".join(json.dumps(entry) for entry in entries)
    text = f'{{"sources": "{digest_of(room)}", "entries": [\n{lines}\n]}}\n'
    listing_file(room).write_text(text, encoding="utf-8")


def keep() -> None:
    """Write both."""
    for room, describe in ROOMS.items():
        keep_entries(room, describe())
        print(f"hdrgen/{room}/listing.json")


if __name__ == "__main__":
    keep()

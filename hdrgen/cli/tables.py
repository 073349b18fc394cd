"""What the verbs have in common that list what there is: a table for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from hdrgen.cli.parser import Parser, add_config_argument


def listing_parser(verb: str, description: str) -> Parser:
    """The arguments of such a verb."""
    options = Parser(prog=f"hdrgen {verb}", description=description)
    options.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_config_argument(options, "json: true")
    return options


def print_listing(entries: object, rows: Sequence[Sequence[str]], as_json: bool, numbers: Collection[int] = ()) -> None:
    """Print the entries as JSON, or the rows as a table.

    Args:
        entries: All that is known.
        rows: The names of the columns, and what of the entries goes into them.
        as_json: Whether to print the entries.
        numbers: Columns that are flush right.

    >>> print_listing([], [("name", "size"), ("a", "7,000")], as_json=False, numbers=[1])
    name   size
    a     7,000
    """
    if as_json:
        print(json.dumps(entries, indent=2))
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = zip(row, widths, strict=True)
        told = [f"{cell:{'>' if index in numbers else '<'}{width}}" for index, (cell, width) in enumerate(cells)]
        print("  ".join(told).rstrip())

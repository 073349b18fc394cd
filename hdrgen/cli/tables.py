"""What the verbs have in common that list what there is: a table for people, JSON for programs."""

import json
import re
from collections.abc import Collection, Sequence

from hdrgen.cli.parser import CommandParser, add_config_argument
from hdrgen.text_table import text_table


def listing_parser(verb: str, description: str) -> CommandParser:
    """The arguments of such a verb."""
    options = CommandParser(prog=f"hdrgen {verb}", description=description)
    options.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_config_argument(options, "json: true")
    return options


def print_listing(entries: object, rows: Sequence[Sequence[str]], as_json: bool, right: Collection[int] = ()) -> None:
    """Print the entries as JSON, or the rows as a table.

    Args:
        entries: All that is known.
        rows: The names of the columns, and what of the entries goes into them.
        as_json: Whether to print the entries.
        right: Columns that are flush right.
    """
    print(json.dumps(entries, indent=2) if as_json else "\n".join(text_table(rows, right)))


def cited(paper: str) -> str:
    """First author, venue and year of a paper given as `Authors: "Title", venue year.`; other text as it is.

    >>> cited('Le, Le, Nguyen, Hua: "Single-Image HDR Reconstruction by Multi-Exposure Generation", WACV 2023.')
    'Le, WACV 2023'
    """
    parts = re.fullmatch(r'([^,:]+)[^"]*".*", ([^"]+?)\.?', paper)
    return f"{parts[1]}, {parts[2]}" if parts else paper

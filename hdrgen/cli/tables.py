"""What the verbs have in common that list what there is: a table for people, JSON for programs."""

import hashlib
import json
import re
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from hdrgen.cli.parser import CommandParser, add_config_argument
from hdrgen.plugins import Plugin
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


def plugin_rows(others: Sequence[Plugin], columns: int) -> list[tuple[str, ...]]:
    """Of the table: a heading, and below it what other packages offer, by name; what they are is in the packages.

    Args:
        others: Which.
        columns: Beside that of the names; the package stands in the last.
    """
    if not others:
        return []
    blank = ("",) * (columns - 1)
    return [("of other packages", *blank, ""), *((f"  {_name(each)}", *blank, each.package) for each in others)]


def plugin_entry(plugin: Plugin) -> dict[str, str]:
    """The same for programs."""
    return {"name": _name(plugin), "class_path": plugin.class_path, "package": plugin.package}


def _name(plugin: Plugin) -> str:
    """As the command line asks for it."""
    return plugin.class_name if plugin.group in ("methods", "data") else plugin.name


def kept_entries(room: str, describe: Callable[[], list[Any]]) -> list[Any]:
    """What a room offers, as kept in `ROOM/listing.json` by those who made this version, or as found by importing it.

    Importing torch and Lightning takes seconds, for a list that a release does not change. What is kept counts only
    while the sources are those that it was made from: in a clone that is worked on, the rooms themselves are asked.

    Args:
        room: `methods` or `metrics`.
        describe: Imports the room, and describes what is in it.
    """
    if f"hdrgen.{room}" in sys.modules:  # it costs nothing then, and may have been added to
        return describe()
    return read_listing(room) or describe()


def read_listing(room: str) -> list[Any] | None:
    """The entries that are kept of a room, as long as its sources are those that they were made from."""
    if not listing_file(room).is_file():
        return None
    kept: dict[str, Any] = json.loads(listing_file(room).read_text(encoding="utf-8"))
    return kept["entries"] if kept["sources"] == digest_of(room) else None


def listing_file(room: str) -> Path:
    """Where the entries of a room are kept."""
    return _PACKAGE / room / "listing.json"


def digest_of(room: str) -> str:
    """SHA-256 of the sources of a room, and of the networks that its classes are built of."""
    digest = hashlib.sha256()
    for path in sorted(path for folder in (room, "nn") for path in (_PACKAGE / folder).rglob("*.py")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


_PACKAGE = Path(__file__).parents[1]


def cited(paper: str) -> str:
    """First author, venue and year of a paper given as `Authors: "Title", venue year.`; other text as it is.

    >>> cited('Le, Le, Nguyen, Hua: "Single-Image HDR Reconstruction by Multi-Exposure Generation", WACV 2023.')
    'Le, WACV 2023'
    """
    parts = re.fullmatch(r'([^,:]+)[^"]*".*", ([^"]+?)\.?', paper)
    return f"{parts[1]}, {parts[2]}" if parts else paper

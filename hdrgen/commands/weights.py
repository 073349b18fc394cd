"""`hdrgen weights`: the trained weights that have a name, and what is known of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdrgen.cli import CommandParser, listing_parser, print_listing, with_config
from hdrgen.text_table import printable

if TYPE_CHECKING:
    from hdrgen.weights import Entry

COLUMNS = ("name", "method", "size", "score", "terms", "what it is")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    about = (
        "List the trained weights that --weights and hdrgen.load take by name: those that come with hdrgen, and those"
        " in your own folders (HDRGEN_WEIGHTS). With a name, print its model card."
    )
    options = listing_parser(verb, about)
    options.add_argument("name", nargs="?", metavar="NAME", help="of weights, or a .safetensors file")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print a line for each, or all that is known of one.

    Raises:
        InputError: A name that stands for nothing, or a file that holds no weights.
    """
    options = parser(verb).parse_args(with_config(arguments))
    from hdrgen.weights import catalogue, own_folders

    if options.name is not None:
        _print_one(options.name, options.json)
        return
    entries = catalogue()
    if not entries and not options.json:
        print(f"none are packaged, and none lie in {', '.join(map(str, own_folders()))}")
        return
    rows = [COLUMNS, *map(_row, entries)]
    print_listing([_as_json(entry) for entry in entries], rows, options.json, right=[COLUMNS.index("size")])


def _print_one(name: str, as_json: bool) -> None:
    from hdrgen.weights import card_of, describe, find_weights, read_card, unknown_weights

    path = find_weights(name) or Path(name)
    if not path.exists():
        raise unknown_weights(name)
    entry, card = describe(path), card_of(path)
    text = read_card(card).text if card.is_file() else None
    if as_json:
        print(json.dumps({**_as_json(entry), "card": text}, indent=2))
        return
    for line in (text or _without_card(entry, card)).splitlines():
        print(printable(line))


def _without_card(entry: Entry, card: Path) -> str:
    method = entry.method or "a method that it does not name"
    return f"{entry.path}: weights of {method}, {entry.numbers:,} numbers, {_megabytes(entry)}; no card at {card}"


def _row(entry: Entry) -> tuple[str, ...]:
    said = (part or "-" for part in (entry.score, entry.terms, entry.about))
    return entry.name, entry.method or "-", _megabytes(entry), *said


def _megabytes(entry: Entry) -> str:
    return f"{entry.size / 1e6:.2f} MB"


def _as_json(entry: Entry) -> dict[str, Any]:
    return entry._asdict() | {"path": str(entry.path)}

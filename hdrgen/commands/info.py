"""`hdrgen info`: what photographs say of their exposure, and how much of them is clipped."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from hdrgen.cli.parser import Parser, add_config_argument, with_config
from hdrgen.errors import InputError


def parser(verb: str) -> Parser:
    """The arguments of this verb."""
    options = Parser(
        prog=f"hdrgen {verb}",
        description="Tell camera, exposure, EV relative to the middle exposure, bits, clipped and crushed pixels of"
        " photographs, and which neighbours in exposure overlap too little to be merged well.",
    )
    options.add_argument(
        "files", nargs="+", metavar="FILES", help="photographs, folders with them, or folders of scenes"
    )
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--max-megapixels", type=float, default=500, help="refuse larger photographs (%(default)g)")
    add_config_argument(options, "json: true")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print a row for each photograph, dark to bright, the photographs of each folder by themselves.

    Raises:
        InputError: nothing found, or photographs that cannot be read, after those that can.
    """
    options = parser(verb).parse_args(with_config(arguments))
    from hdrgen.bracket.inspection import COLUMNS, look_at  # the help does without NumPy

    scenes, unreadable = look_at(options.files, options.max_megapixels)
    if options.json:
        print(json.dumps([photo.record() for scene in scenes.values() for photo in scene], indent=2))
    else:
        _print_tables({folder: [COLUMNS, *(photo.row() for photo in scene)] for folder, scene in scenes.items()})
    if unreadable:
        total = len(unreadable) + sum(map(len, scenes.values()))
        names = ", ".join(path.name for path in unreadable)
        raise InputError(
            f"{len(unreadable)} of {total} photographs cannot be read, see above; check or leave out {names}"
        )


def _print_tables(tables: Mapping[Path, Sequence[tuple[str, ...]]]) -> None:
    for folder, rows in tables.items():
        if len(tables) > 1:
            print(f"\n{folder}")
        _print_table(rows)


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

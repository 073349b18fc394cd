"""`hdrgen info`: what photographs say of their exposure, and how much of them is clipped."""

import json
from collections.abc import Sequence

from hdrgen.commands.parser import Parser, add_config_argument, with_config


def parser(verb: str) -> Parser:
    """The arguments of this verb."""
    options = Parser(
        prog=f"hdrgen {verb}",
        description="Tell camera, exposure, EV relative to the middle exposure, bits, clipped and crushed pixels of"
        " photographs, and which neighbours in exposure overlap too little to be merged well.",
    )
    options.add_argument("files", nargs="+", metavar="FILES", help="photographs, or folders with them")
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options.add_argument("--max-megapixels", type=float, default=500, help="refuse larger photographs (%(default)g)")
    add_config_argument(options, "json: true")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print a row for each photograph, dark to bright, the photographs of each folder by themselves."""
    options = parser(verb).parse_args(with_config(arguments))
    from hdrgen.commands.photo import COLUMNS, look_at  # the help does without NumPy

    scenes = look_at(options.files, options.max_megapixels)
    if options.json:
        print(json.dumps([photo.record() for scene in scenes.values() for photo in scene], indent=2))
        return
    for folder, scene in scenes.items():
        if len(scenes) > 1:
            print(f"\n{folder}")
        _print_table([COLUMNS, *(photo.row() for photo in scene)])


def _print_table(rows: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

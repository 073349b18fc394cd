"""`hdrgen info`: what photographs say of their exposure, and how much of them is clipped."""

import json
from collections.abc import Sequence

from hdrgen.cli import CommandParser, add_config_argument, add_size_argument, with_config
from hdrgen.errors import InputError
from hdrgen.text_table import text_table


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Tell camera, exposure, EV relative to the middle exposure, bits, clipped and crushed pixels of"
        " photographs, and which neighbours in exposure overlap too little to be merged well.",
    )
    options.add_argument(
        "files", nargs="+", metavar="FILES", help="photographs, folders with them, or folders of scenes"
    )
    options.add_argument("--json", action="store_true", help="print JSON instead of a table")
    add_size_argument(options)
    add_config_argument(options, "json: true")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print a row for each photograph, dark to bright, the photographs of each folder by themselves.

    Raises:
        InputError: Nothing found, or photographs that cannot be read, after those that can.
    """
    options = parser(verb).parse_args(with_config(arguments))
    from hdrgen.bracket import PHOTO_COLUMNS, inspect_photographs  # the help does without NumPy

    scenes, unreadable = inspect_photographs(options.files, options.max_megapixels)
    if options.json:
        print(json.dumps([photo.record() for scene in scenes.values() for photo in scene], indent=2))
    else:
        for folder, scene in scenes.items():
            if len(scenes) > 1:
                print(f"\n{folder}")
            print("\n".join(text_table([PHOTO_COLUMNS, *(photo.row() for photo in scene)])))
    if unreadable:
        total = len(unreadable) + sum(map(len, scenes.values()))
        names = ", ".join(path.name for path in unreadable)
        raise InputError(
            f"{len(unreadable)} of {total} photographs cannot be read, see above; check or leave out {names}"
        )

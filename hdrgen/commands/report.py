"""`hdrgen report`: one HTML page about one or several runs."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import CommandParser, add_config_argument, refuse_existing, with_config
from hdrgen.errors import InputError

OUTPUT = Path("report.html")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Write one HTML page that needs no network: what was run, metrics with the best marked, training"
        " curves, and scenes to compare under any exposure and in false colours.",
    )
    options.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="folder of a training, or what `hdrgen test -o` wrote"
    )
    options.add_argument(
        "--scene", action="append", default=[], metavar="NAME", help="look at this scene; may be repeated"
    )
    options.add_argument(
        "--count",
        type=_natural,
        default=6,
        help="otherwise at this many, half of them the worst, half the best (default: %(default)s)",
    )
    options.add_argument(
        "--side", type=_natural, default=384, help="longer side of their pictures in pixels (default: %(default)s)"
    )
    options.add_argument("-o", "--output", type=Path, default=OUTPUT, help="the page (default: %(default)s)")
    options.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_config_argument(options, "side: 512")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Read the runs and write the page.

    Raises:
        InputError: A folder that holds no run, a file that cannot be read, or a page that is there already.
    """
    options = parser(verb).parse_args(with_config(arguments))
    page: Path = options.output
    if page.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{page}: expected a file name that ends with .html")
    refuse_existing([page], options.overwrite)
    from hdrgen.reporting import read_runs, write_page  # the help does without NumPy

    runs = read_runs(options.runs)
    scenes = write_page(runs, page, scenes=options.scene, count=options.count, side=options.side)
    curves = sum(len(run.curves) for run in runs)
    holds = ", ".join([_counted(len(runs), "run"), _counted(scenes, "scene"), _counted(curves, "curve")])
    print(f"{page}: {holds}, {page.stat().st_size / 1e6:.1f} MB")


def _natural(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, found {text}")
    return int(text)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"

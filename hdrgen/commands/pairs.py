"""`hdrgen pairs`: the list of training pairs of a DrTMO data set, as the public code of Le et al. reads it."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import CommandParser, add_config_argument, refuse_existing, with_config


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="List every pair of exposures of every DrTMO stack in a CSV file (columns x, x_exp, y, y_exp).",
    )
    options.add_argument("root", type=Path, help="folder of the data set")
    options.add_argument(
        "-o", "--output", type=Path, default=Path("pairs.csv"), help="file to write (default: %(default)s)"
    )
    options.add_argument(
        "--split", choices=["Train", "Test"], default="Train", help="part of the data (default: %(default)s)"
    )
    options.add_argument("--identity", action="store_true", help="also pair every exposure with itself")
    options.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_config_argument(options, "split: Test")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write the list, complete or not at all.

    Raises:
        InputError: There are no stacks, or the file exists.
    """
    options = parser(verb).parse_args(with_config(arguments))
    refuse_existing([options.output], options.overwrite)
    from hdrgen.data import write_pairs  # imports torch, which the help does without

    count = write_pairs(options.root, options.output, options.split, options.identity)
    print(f"{options.output}: {count} pairs")

"""`hdrgen pairs`: the list of training pairs of a DrTMO data set, as the public code of Le et al. reads it."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli.parser import Parser, add_config_argument, with_config
from hdrgen.errors import InputError


def parser(verb: str) -> Parser:
    """The arguments of this verb."""
    options = Parser(
        prog=f"hdrgen {verb}",
        description="List every pair of exposures of every DrTMO stack in a CSV file (columns x, x_exp, y, y_exp).",
    )
    options.add_argument("root", type=Path, help="folder of the data set")
    options.add_argument("-o", "--output", type=Path, default=Path("pairs.csv"), help="file to write (%(default)s)")
    options.add_argument("--split", choices=["Train", "Test"], default="Train", help="part of the data (%(default)s)")
    options.add_argument("--identity", action="store_true", help="also pair every exposure with itself")
    options.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_config_argument(options, "split: Test")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write the list, complete or not at all.

    Raises:
        InputError: there are no stacks, or the file exists.
    """
    options = parser(verb).parse_args(with_config(arguments))
    if options.output.exists() and not options.overwrite:
        raise InputError(f"{options.output} exists already; pass --overwrite, or another file with -o")
    from hdrgen.data.datasets.drtmo import write_pairs  # imports torch, which the help does without

    options.output.parent.mkdir(parents=True, exist_ok=True)
    temporary = options.output.with_name(f".{options.output.name}.tmp")
    try:
        count = write_pairs(options.root, temporary, options.split, options.identity)
        temporary.replace(options.output)
    finally:
        temporary.unlink(missing_ok=True)
    print(f"{options.output}: {count} pairs")

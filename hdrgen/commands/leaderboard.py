"""`hdrgen leaderboard`: many results as one page, and as a table for a paper."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import CommandParser, add_config_argument, refuse_existing, with_config
from hdrgen.errors import InputError
from hdrgen.text_table import FORMS

OUTPUT = Path("leaderboard.html")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Rank what hdrgen test wrote, of methods and of other programs: a table for each protocol and data"
        " set, with means over seeds, bootstrap intervals over scenes, and marks only where paired tests tell the"
        " methods apart.",
    )
    options.add_argument("folders", nargs="+", type=Path, metavar="FOLDER", help="results of tests, or folders of them")
    options.add_argument(
        "--table", choices=FORMS, help="print a table of this kind; a page is then written only with -o"
    )
    options.add_argument("--metrics", metavar="A,B", help="numbers of the table; the first one ranks (default: all)")
    options.add_argument(
        "--seeds",
        action="store_true",
        help="take tests of one method with equal arguments for seeds of one training; otherwise only those that one"
        " hdrgen test of several networks wrote",
    )
    options.add_argument("-o", "--output", type=Path, help=f"the page (default: {OUTPUT})")
    options.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_config_argument(options, "metrics: [psnr, ssim]")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print the tables, or write the page.

    Raises:
        InputError: A folder without results, no such metric, or a page that is there already.
    """
    options = parser(verb).parse_args(with_config(arguments))
    page: Path | None = options.output or (None if options.table else OUTPUT)
    if page is not None:
        if page.suffix.lower() not in (".html", ".htm"):
            raise InputError(f"{page}: expected a file name that ends with .html; tables are printed by --table")
        refuse_existing([page], options.overwrite)
    from hdrgen.reporting import as_tables, read_boards, write_leaderboard  # the help does without NumPy

    metrics = None if options.metrics is None else [name.strip() for name in options.metrics.split(",") if name.strip()]
    boards = read_boards(options.folders, metrics=metrics, same_method_is_seeds=options.seeds)
    print(as_tables(boards, options.table or "text"))
    if page is not None:
        write_leaderboard(boards, page)
        if not options.table:
            print(f"\n{page}: {len(boards)} {'table' if len(boards) == 1 else 'tables'}")

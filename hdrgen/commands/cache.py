"""`hdrgen cache`: what a folder of decoded images holds, and the way to clear it."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import CommandParser, add_config_argument, with_config


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Say what a folder of decoded images (--data.cache of fit, validate and test) holds, or clear it.",
    )
    options.add_argument("folder", type=Path, help="the folder")
    options.add_argument("--clear", action="store_true", help="remove the decoded images; photographs stay as they are")
    add_config_argument(options, "clear: true")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print a line.

    Raises:
        InputError: The folder is no cache.
    """
    options = parser(verb).parse_args(with_config(arguments))
    from hdrgen.data import cached_in, clear_cache  # imports torch, which the help does without

    folder = options.folder.expanduser()
    count, size = clear_cache(folder) if options.clear else cached_in(folder)
    print(f"{folder}: {'removed ' if options.clear else ''}{count} images, {size / 2**30:.2f} GiB")

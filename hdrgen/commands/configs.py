"""`hdrgen configs`: list or print the packaged configurations and evaluation protocols."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen import configs
from hdrgen.cli import CommandParser
from hdrgen.errors import InputError, suggest
from hdrgen.text_table import text_table

PROTOCOL = "protocol: "
"""What the lines of evaluation protocols begin with."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    top = CommandParser(
        prog=f"hdrgen {verb}",
        description="List or print packaged configurations, for --config, and evaluation protocols, for --evaluation.",
    )
    actions = top.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="one line for each configuration (default)")
    show = actions.add_parser("show", help="print one, to copy and change it")
    show.add_argument("name", help="name of a configuration or protocol, as `hdrgen configs` lists them, or `defaults`")
    return top


def run(verb: str, arguments: Sequence[str]) -> None:
    """List the configurations, or print the one asked for."""
    options = parser(verb).parse_args(arguments)
    if options.action == "show":
        print(_find(options.name).read_text(encoding="utf-8"), end="")
        return
    rows = [(name, configs.title_of(configs.path_of(name))) for name in configs.names()]
    protocols = {name: configs.title_of(configs.protocol_path(name)) for name in configs.protocol_names()}
    rows += [(name, f"{PROTOCOL}{title}") for name, title in protocols.items()]
    print("\n".join(text_table(rows)))


def _find(name: str) -> Path:
    name = name.removesuffix(".yaml")
    path = next((path for path in (configs.path_of(name), configs.protocol_path(name)) if path.is_file()), None)
    if path is None:
        names = [*configs.names(), *configs.protocol_names()]
        raise InputError(f"no packaged configuration {name!r}{suggest(name, names)} (packaged: {', '.join(names)})")
    return path

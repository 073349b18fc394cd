"""`hdrgen configs`: list or print the packaged configurations, evaluation protocols and experiments."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from hdrgen import configs
from hdrgen.cli import CommandParser
from hdrgen.errors import InputError, suggest
from hdrgen.text_table import text_table

ACTIONS = ("list", "show")
PROTOCOL = "protocol: "
"""What the lines of evaluation protocols begin with."""
SCRIPT = "slurm.sbatch"
"""Of the experiments, what is no configuration."""
_TABLE = re.compile(r"(table|figure)\d+")
"""How experiments begin that are rows of one table of a paper."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    top = CommandParser(
        prog=f"hdrgen {verb}",
        description="List or print packaged configurations and overlays, for --config, and evaluation protocols, for"
        " --evaluation. `hdrgen configs NAME` prints the one of that name.",
    )
    actions = top.add_subparsers(dest="action", metavar="ACTION")
    listing = actions.add_parser("list", help="one line for each configuration (default)")
    listing.add_argument("group", nargs="?", help="such as experiments/cevr: one line for each overlay of this group")
    show = actions.add_parser("show", help="print one, to copy and change it")
    show.add_argument("name", help="name of a configuration or protocol, as `hdrgen configs` lists them, or `defaults`")
    return top


def run(verb: str, arguments: Sequence[str]) -> None:
    """List the configurations or those of a group, or print the one asked for."""
    options = parser(verb).parse_args(_with_action(arguments))
    if options.action == "show":
        print(_find(options.name).read_text(encoding="utf-8"), end="")
    elif options.action == "list" and options.group:
        print("\n".join(text_table(_of_group(options.group))))
    else:
        rows = [(name, configs.title_of(configs.path_of(name))) for name in configs.names()]
        protocols = {name: configs.title_of(configs.protocol_path(name)) for name in configs.protocol_names()}
        rows += [(name, f"{PROTOCOL}{title}") for name, title in protocols.items()]
        print("\n".join([*text_table(rows), *_overlays()]))


def _with_action(arguments: Sequence[str]) -> list[str]:
    """The arguments, where a name alone is one to show, or of a group of overlays, to list."""
    name = arguments[0] if len(arguments) == 1 else "-"
    if name.startswith("-") or name in ACTIONS or suggest(name, ACTIONS):
        return [*arguments]
    group = name.removeprefix(f"{configs.EXPERIMENTS}/").rstrip("/")
    return ["list" if group in _groups() and name not in configs.names() else "show", name]


def _overlays() -> list[str]:
    """A line for each group of experiments, between what they are for and how to see more of them."""
    rows = [(f"{configs.EXPERIMENTS}/{group}", _in_short(names)) for group, names in _groups().items()]
    alone = [*(name for name in configs.experiment_names() if "/" not in name), SCRIPT]
    rows += [(f"{configs.EXPERIMENTS}/{name}", configs.title_of(configs.experiment_path(name))) for name in alone]
    return [
        "",
        "overlays, on top of a configuration: --config cevr_small --config experiments/cevr/table5_cycle",
        *text_table(rows),
        f"a line for each: hdrgen configs list cevr; a copy: hdrgen configs show {SCRIPT} > {SCRIPT}",
    ]


def _groups() -> dict[str, list[str]]:
    """The experiments of each group."""
    groups = dict[str, list[str]]()
    for name in configs.experiment_names():
        group, slash, own = name.rpartition("/")
        if slash:
            groups.setdefault(group, []).append(own)
    return groups


def _in_short(names: Sequence[str]) -> str:
    """Names in one line, rows of a table under its name.

    >>> _in_short(["public_code", "table4_full", "table4_neither"])
    'public_code, table4_... (2)'
    """
    found = [_TABLE.match(name) for name in names]
    counts = Counter(match[0] if match else name for name, match in zip(names, found, strict=True))
    return ", ".join(f"{name}_... ({count})" if _TABLE.fullmatch(name) else name for name, count in counts.items())


def _of_group(group: str) -> list[tuple[str, str]]:
    """A line for each experiment of a group: its name, and what it is for."""
    short, groups = group.removeprefix(f"{configs.EXPERIMENTS}/").rstrip("/"), _groups()
    if short not in groups:
        raise InputError(f"no group of overlays {group!r}{suggest(short, groups)} (there are: {', '.join(groups)})")
    names = [f"{short}/{name}" for name in groups[short]]
    return [(f"{configs.EXPERIMENTS}/{name}", configs.title_of(configs.experiment_path(name))) for name in names]


def _find(name: str) -> Path:
    name = name.removesuffix(".yaml")
    places = (configs.path_of(name), configs.protocol_path(name), configs.experiment_path(name))
    path = next((path for path in places if path.is_file()), None)
    if path is None:
        names = [*configs.names(), *configs.protocol_names()]
        near = suggest(name, [*names, *configs.experiment_names(), SCRIPT])
        raise InputError(f"no packaged configuration {name!r}{near} (packaged: {', '.join(names)})")
    return path

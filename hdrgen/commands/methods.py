"""`hdrgen methods`: what can be trained, tested and used for prediction."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, TypedDict

from hdrgen.cli import (
    CommandParser,
    cited,
    kept_entries,
    listing_parser,
    plugin_entry,
    plugin_rows,
    print_listing,
    with_config,
)
from hdrgen.plugins import plugins

if TYPE_CHECKING:
    from hdrgen.methods import HDRModule


TRAINING_ONLY = "discriminator"
"""With what the name begins that all methods give the networks that only training needs."""
INPUTS = {"photograph": "one photograph", "bracket": "an exposure stack"}
"""What a method takes, for those whose docstring says no more."""
KINDS = {"photograph": "single image", "bracket": "exposure stack"}
COLUMNS = ("parameters", "exposures", "paper")
"""Behind the name; what a method takes is the heading of its group."""
BASELINES = "baselines"
INDENT = "  "


class MethodEntry(TypedDict):
    """What the list says about one method."""

    name: str
    kind: str
    summary: str
    parameters: int
    """Numbers in the networks that make the result, at the widths of the paper, frozen and idle ones too."""
    parts: dict[str, int]
    """The same for each network, and for the discriminators of an adversarial method."""
    input: str
    exposures: str
    paper: str


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    about = "List the methods. `hdrgen fit --model.help NAME` explains the arguments of one."
    return listing_parser(verb, about)


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print one line for each method, below what it takes."""
    options = parser(verb).parse_args(with_config(arguments))
    entries = kept_entries("methods", describe_all)
    others = plugins("methods")
    rows = _rows(entries) + plugin_rows(others, len(COLUMNS))
    print_listing([*entries, *map(plugin_entry, others)], rows, options.json, right=[1 + COLUMNS.index("parameters")])


def describe_all() -> list[MethodEntry]:
    """An entry for every method of `hdrgen.methods.__all__` but the base class, grouped by input; baselines last."""
    from hdrgen import methods
    from hdrgen.methods import HDRModule

    exported = (getattr(methods, name) for name in methods.__all__)
    entries = [
        describe(method)
        for method in exported
        if inspect.isclass(method) and issubclass(method, HDRModule) and method is not HDRModule
    ]
    return sorted(entries, key=lambda entry: (*_place(_group(entry)), entry["name"].lower()))


def describe(method: type[HDRModule]) -> MethodEntry:
    """An entry from the class, its docstring and its networks."""
    text = inspect.getdoc(method) or ""
    parts = count_parameters(method)
    return {
        "name": method.__name__,
        "kind": _kind(method),
        "summary": re.sub(r":math:`([^`]*)`", r"\1", text.partition("\n")[0]),
        "parameters": sum(count for name, count in parts.items() if not name.startswith(TRAINING_ONLY)),
        "parts": parts,
        "input": _section(text, "Input:") or INPUTS[method.input],
        "exposures": (_section(text, "Exposures:") or "any EV") if method.generates else "none",
        "paper": _section(text, "Paper:"),
    }


def count_parameters(method: type[HDRModule]) -> dict[str, int]:
    """Parameters of each network of a method at the sizes of its paper, the defaults; allocates none.

    As papers count them: those too that are frozen, such as AHDRNet's two layers that are never called. Networks of
    perceptual losses are not among them: they are loaded when training begins.
    """
    import torch

    with torch.device("meta"):
        networks = method().named_children()
    counts = {name: sum(p.numel() for p in part.parameters()) for name, part in networks}
    return {name: count for name, count in counts.items() if count}


def _rows(entries: Sequence[MethodEntry]) -> list[tuple[str, ...]]:
    """Of the table: each group's heading, and below it a row for each of its methods. The first names the columns."""
    rows: list[tuple[str, ...]] = []
    for group, members in groupby(entries, _group):
        rows.append((group, *(("",) * len(COLUMNS) if rows else COLUMNS)))
        rows += [_row(entry) for entry in members]
    return rows


def _group(entry: MethodEntry) -> str:
    return BASELINES if entry["kind"] == "baseline" else entry["input"]


def _place(group: str) -> tuple[bool, bool, str]:
    """Of a group among the others: one photograph first, the baselines last."""
    return group == BASELINES, group != INPUTS["photograph"], group


def _row(entry: MethodEntry) -> tuple[str, ...]:
    count = f"{entry['parameters']:,}" if entry["parameters"] else "none"
    paper = cited(entry["paper"]).removeprefix("None: ").removesuffix(".")
    return INDENT + entry["name"], count, entry["exposures"], paper or entry["input"]


def _kind(method: type[HDRModule]) -> str:
    return "baseline" if method.baseline else KINDS[method.input]


def _section(text: str, title: str) -> str:
    """The lines below `title`, on one line; empty where a docstring has no such section."""
    _, heading, rest = text.partition(f"\n{title}\n")
    lines = inspect.cleandoc(rest).partition("\n\n")[0] if heading else ""
    return " ".join(lines.split())

"""`hdrgen methods`: what can be trained, tested and used for prediction."""

import inspect
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from hdrgen.commands.parser import Parser

if TYPE_CHECKING:
    from hdrgen.methods.base import HDRModule


class Entry(TypedDict):
    """What the list says about one method."""

    name: str
    kind: str
    summary: str
    paper: str


def parser(verb: str) -> Parser:
    """The arguments of this verb."""
    options = Parser(
        prog=f"hdrgen {verb}",
        description="List the methods. `hdrgen fit --model.help NAME` explains the arguments of one.",
    )
    options.add_argument("--json", action="store_true", help="print JSON instead of text")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Print one line for each method."""
    options = parser(verb).parse_args(arguments)
    entries = describe_all()
    if options.json:
        print(json.dumps(entries, indent=2))
        return
    width = max(len(entry["name"]) for entry in entries) + 2
    for entry in entries:
        print(f"{entry['name']:<{width}}{entry['kind']:<16}{entry['summary']} {entry['paper']}".rstrip())


def describe_all() -> list[Entry]:
    """An entry for every name in `hdrgen.methods.__all__` that is a method, the base class aside."""
    from hdrgen import methods
    from hdrgen.methods.base import HDRModule

    found = (getattr(methods, name) for name in methods.__all__)
    return [
        describe(method)
        for method in found
        if inspect.isclass(method) and issubclass(method, HDRModule) and method is not HDRModule
    ]


def describe(method: "type[HDRModule]") -> Entry:
    """Name, kind, first line and paper of a method, from its class and docstring."""
    text = inspect.getdoc(method) or ""
    return {
        "name": method.__name__,
        "kind": _kind(method),
        "summary": re.sub(r":math:`([^`]*)`", r"\1", text.partition("\n")[0]),
        "paper": _section(text, "Paper:"),
    }


def _kind(method: "type[HDRModule]") -> str:
    if ".baselines" in method.__module__:
        return "baseline"
    return "single image" if method.generates else "exposure stack"


def _section(text: str, title: str) -> str:
    """The lines below `title`, on one line; empty where a docstring has no such section."""
    _, found, rest = text.partition(f"\n{title}\n")
    lines = inspect.cleandoc(rest).partition("\n\n")[0] if found else ""
    return " ".join(lines.split())

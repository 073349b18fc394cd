"""What a value from a file would make the parser of arguments import or open: that parser is meant for what users type.

It takes a string for a class to import, for YAML, or for a file of YAML, wherever the argument's type has a class.
"""

import codecs
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

from hdrgen.errors import InputError

TRUSTED = ("hdrgen", "torch.optim", "torch.nn", "pytorch_lightning.cli")
"""Packages whose classes a checkpoint may name; those of any other only if the user names it too."""
LOOKED_AT = 4096
"""Bytes at the start of a file by which text is told from weights."""


def check_arguments(arguments: Any, packages: Sequence[str], path: str | Path) -> None:
    """Refuse arguments of a checkpoint that name what is not in these packages, before a parser sees them.

    Args:
        arguments: Any nesting of plain data.
        packages: Whose classes may be named.
        path: Of the checkpoint, for the message.

    Raises:
        InputError: They name something else.
    """
    for name in named_in(arguments):
        if not is_within(name, packages):
            raise InputError(
                f"checkpoint {path} refused: its arguments name {' '.join(name.split())[:120]}, which would be imported"
                " or read; choose the method and its arguments yourself"
            )


def is_within(name: str, packages: Sequence[str]) -> bool:
    """Whether an import path lies in one of these packages."""
    return name.startswith(tuple(f"{package}." for package in packages))


def named_in(value: Any) -> Iterator[str]:
    """The classes, import paths, YAML and text files that a value names.

    >>> list(named_in({"lr": 1e-4, "net": {"class_path": "a.B"}, "curve": "os.path", "mode": "min"}))
    ['a.B', 'os.path']
    """
    if isinstance(value, str):
        yield from _named_by(value)
    if isinstance(value, dict):
        if isinstance(value.get("class_path"), str):
            yield value["class_path"]
        value = [item for key, item in value.items() if key != "class_path"]
    if isinstance(value, list | tuple):
        for item in value:
            yield from named_in(item)


def _named_by(text: str) -> Iterator[str]:
    if _is_importable(text.strip()) or _is_text_file(text):
        yield text
        return
    try:
        meant = yaml.safe_load(text)
    except RecursionError:
        yield text
        return
    except (yaml.YAMLError, ValueError):  # ValueError: what looks like a date and is none
        return
    if isinstance(meant, dict | list):
        yield text
    elif isinstance(meant, str) and meant != text:
        yield from _named_by(meant)


def _is_importable(name: str) -> bool:
    """Whether this is a dotted name whose first part can be imported; looked up, not imported."""
    first, *rest = name.split(".")
    return bool(rest) and all(part.isidentifier() for part in (first, *rest)) and _is_there(first)


def _is_there(module: str) -> bool:
    return module in sys.modules or find_spec(module) is not None


def _is_text_file(name: str) -> bool:
    """Whether there is such a file that a parser could read; weights are none."""
    try:
        path = Path(name).expanduser()
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return "\0" not in codecs.getincrementaldecoder("utf-8")().decode(file.read(LOOKED_AT))
    except (OSError, ValueError, RuntimeError):  # no text, or no possible name
        return False

"""A parser whose complaints are one line: which option, what was wrong with it, and what may have been meant."""

import importlib
import re
from collections.abc import Iterator
from typing import NoReturn

from pytorch_lightning.cli import LightningArgumentParser

from hdrgen.arguments import suggest
from hdrgen.errors import InputError

_NOISE = (
    "Does not validate",
    "Subtypes:",
    "Errors:",
    "Given value",
    "Expected a <class 'NoneType'>",
    "Expected a path but",
)


class Parser(LightningArgumentParser):
    """Lightning's parser, which raises `InputError` instead of printing its usage and leaving."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise, in one line."""
        raise InputError(condense(message) + self._hint(message)) from ex

    def _hint(self, message: str) -> str:
        if unknown := re.search(r"unrecognized arguments: (--[\w.]+)", message):
            return suggest(unknown[1], _options(self.format_help()))
        if unknown := re.search(r"Expected a dot import path string: (\w+)", message):
            names = sorted({cls.__name__ for base in _bases(message) for cls in subclasses(base)})
            return f"{suggest(unknown[1], names)} (known: {', '.join(names)})" if names else ""
        return ""


def condense(message: str) -> str:
    r"""The part of a jsonargparse message that a user can act on.

    >>> condense('Parser key "a.b":\n  Does not validate against any of the Union subtypes\n  Errors:\n'
    ...          "    - Expected a <class 'int'>\n    - Expected a <class 'NoneType'>\n  Given value: abc")
    '--a.b: expected int, found abc'
    """
    lines = [line.strip().removeprefix("- ") for line in message.splitlines() if line.strip()]
    key = re.match(r'Parser key "([^"]+)":?\s*(.*)', lines[0])
    if key is None:
        return " ".join(lines)
    reasons = [_plain(line) for line in (key[2].removeprefix("- "), *lines[1:]) if line and not line.startswith(_NOISE)]
    found = next((line.removeprefix("Given value: ") for line in lines if line.startswith("Given value: ")), "")
    told = f", found {found}" if found and found not in "".join(reasons) and "NestedArg(" not in found else ""
    return f"--{key[1]}: {'; '.join(reasons).replace(':;', ':') or 'not accepted'}{told}"


def _plain(reason: str) -> str:
    reason = re.sub(r"Expected a <class '(?:[\w.]+\.)?(\w+)'>", r"expected \1", reason)
    return re.sub(r"Expected a dot import path string: (\w+)", r"no class '\1'", reason)


def _options(text: str) -> list[str]:
    return sorted({name for name in re.findall(r"--[\w.]*\w", text) if not name.endswith(".help")})


def subclasses(cls: type) -> Iterator[type]:
    """All imported classes below `cls`."""
    children: list[type] = cls.__subclasses__()
    for child in children:
        yield child
        yield from subclasses(child)


def _bases(message: str) -> Iterator[type]:
    """The classes of hdrgen that an option accepts, as its complaint names them."""
    for name in re.findall(r"<class '(hdrgen[\w.]+)'>", message):
        module, _, attribute = name.rpartition(".")
        yield getattr(importlib.import_module(module), attribute)

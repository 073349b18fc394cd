"""Model cards: markdown that begins with facts in YAML between two lines of `---`, as model hubs have it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from hdrgen.errors import InputError
from hdrgen.plain_files import read_text, yaml_in

FENCE = "---"
"""The line before and after the facts."""
_PARTS = re.compile(r"\A---\n(.*?\n)---\n", re.DOTALL)


class Card(NamedTuple):
    """What a card says.

    Attributes:
        facts: By name; see docs/weights.md.
        text: All of it.
    """

    facts: dict[str, Any]
    text: str

    def fact(self, name: str) -> str:
        """A fact as text on one line; empty where the card has none."""
        value = self.facts.get(name)
        return "" if value is None else " ".join(str(value).split())


def card_of(weights: Path) -> Path:
    """Where the card of a file of weights lies, if it has one: beside it, `NAME.md`."""
    return weights.with_suffix(".md")


def read_card(path: Path) -> Card:
    """A card.

    Raises:
        InputError: No such file, or one that does not begin with facts.
    """
    text = read_text(path).replace("\r\n", "\n")
    found = _PARTS.match(text)
    facts = yaml_in(found[1], str(path)) if found else None
    if not isinstance(facts, dict) or not all(isinstance(name, str) for name in facts):
        raise InputError(f"{path}: expected facts such as `score: ...` between two lines of {FENCE}, found none")
    return Card(facts, text)


def with_facts(text: str, facts: Mapping[str, str | int]) -> str:
    r"""A card with these facts in place of what it says of them; all else stays as it is.

    Args:
        text: Of the card.
        facts: Each on one line, plain words and numbers.

    >>> with_facts("---\nsize: 1\nscore: 27 dB\n---\n# Mine\n", {"size": 2, "sha256": "ab"})
    '---\nsize: 2\nscore: 27 dB\nsha256: ab\n---\n# Mine\n'
    """
    found = _PARTS.match(text)
    lines = found[1].splitlines() if found else []
    for name, value in facts.items():
        places = [at for at, line in enumerate(lines) if line.startswith(f"{name}:")]
        if places:
            lines[places[0]] = f"{name}: {value}"
        else:
            lines.append(f"{name}: {value}")
    return "\n".join([FENCE, *lines, FENCE, ""]) + (text[found.end() :] if found else text)

"""HTML out of Python, in which text stays text whatever it holds."""

import html
import json
from collections.abc import Iterable
from typing import Any

_VOID = ("img", "input", "meta")
"""Elements that have no end."""


class Markup(str):
    """Text that is HTML already; all other text is escaped."""

    __slots__ = ()


def element(name: str, /, *content: str | None, **attributes: str | int | float | bool | None) -> Markup:
    """An element with its content.

    Args:
        name: Of the element.
        content: Markup goes in as it is, other text escaped, None not at all.
        attributes: An underscore at the end is dropped (`class_`), others become hyphens; True stands alone, None and
            False leave the attribute out.

    >>> element("p", "a < b", element("b", "!"), class_="note", hidden=True)
    '<p class="note" hidden>a &lt; b<b>!</b></p>'
    """
    opened = name + "".join(_attribute(key, value) for key, value in attributes.items())
    return Markup(f"<{opened}>" if name in _VOID else f"<{opened}>{joined(content)}</{name}>")


def joined(content: Iterable[str | None], between: str = "") -> Markup:
    """Pieces one after the other; see `element`."""
    return Markup(between.join(escaped(piece) for piece in content if piece is not None))


def escaped(text: str) -> Markup:
    """Text as HTML.

    >>> escaped("<script>"), escaped(Markup("<b>"))
    ('&lt;script&gt;', '<b>')
    """
    return text if isinstance(text, Markup) else Markup(html.escape(text))


def embedded(data: Any, **attributes: str) -> Markup:
    r"""Data for the page's script, which no content can end early.

    >>> embedded({"name": "</script>"})
    '<script type="application/json">{"name":"\\u003c/script>"}</script>'
    """
    text = json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return element("script", Markup(text), type="application/json", **attributes)


def _attribute(key: str, value: str | int | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.removesuffix("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'

"""One HTML file that needs nothing else: style and script are within, and nothing may be loaded."""

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from string import Template

from hdrgen.io import write_complete
from hdrgen.markup import Markup, element, joined
from hdrgen.reporting.colour_ramp import gradient
from hdrgen.version import __version__


def html_file(title: str, main: Markup, scripts: Sequence[str]) -> Markup:
    """The whole file.

    Args:
        title: Of the window.
        main: What there is to see.
        scripts: Names of packaged files that are one script, in this order.
    """
    script = Markup("".join(_packaged(name) for name in scripts))
    body = element("body", main, element("script", script))
    return joined([Markup("<!doctype html>"), element("html", _head(title, script), body, lang="en")], "\n")


def write_html(path: Path, text: Markup) -> None:
    """Write the file, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    # Names of folders may be no text, and JSON may hold half a character
    write_complete(path, text.encode(errors="replace"))


def made_by() -> Markup:
    """Which version made the page, and when."""
    return element("p", f"Made by hdrgen {__version__}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.", class_="note")


def _head(title: str, script: str) -> Markup:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Even if text slipped through as markup, the browser would neither run it nor load anything
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{digest}'"
    style = Template(_packaged("page.css")).substitute(gradient=gradient())
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", title),
        element("style", Markup(style)),
    )


def _packaged(name: str) -> str:
    return resources.files("hdrgen.reporting").joinpath(name).read_text(encoding="utf-8")

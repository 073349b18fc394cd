"""A page as `html.parser` sees it."""

from html.parser import HTMLParser
from pathlib import Path

VOID = {"img", "input", "meta", "wbr"}


class Page(HTMLParser):
    """Every start tag with its attributes, and the text within; raises where tags do not match."""

    def __init__(self, source: str | Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.rows: list[list[tuple[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(source.read_text(encoding="utf-8") if isinstance(source, Path) else source)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append(("", dict(attrs).get("class")))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"script", "style"}.isdisjoint(self._open):
            self.text += data
        if {"td", "th"} & set(self._open):
            text, kind = self.rows[-1][-1]
            self.rows[-1][-1] = (text + data, kind)

    def best(self, row: str) -> list[str]:
        """The marked cells of the rows of this name."""
        found = [each for each in self.rows if row in [text for text, _ in each[:2]]]
        return [text for each in found for text, kind in each if kind == "best"]

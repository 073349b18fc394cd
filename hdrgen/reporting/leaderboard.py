"""Boards as one HTML page, in the style of the report."""

from collections.abc import Sequence
from pathlib import Path

from hdrgen.markup import Markup, element, joined
from hdrgen.reporting.board_texts import NOTE
from hdrgen.reporting.boards import Board, Number, Row
from hdrgen.reporting.html_file import write_html
from hdrgen.reporting.page import Section, written
from hdrgen.reporting.score_tables import head_of, number

_SPREAD = "\N{PLUS-MINUS SIGN}"


def write_leaderboard(boards: Sequence[Board], path: Path) -> None:
    """Write the page, whole or not at all.

    Raises:
        InputError: The file cannot be written.
    """
    write_html(path, written("hdrgen: leaderboard", [_section(at, board) for at, board in enumerate(boards)]))


def _section(at: int, board: Board) -> Section:
    caption = f"{board.scenes} scenes, by the first number"
    titles = element(
        "tr",
        *(element("th", text, scope="col") for text in ("", "method", "seeds")),
        *(head_of(metric, higher) for metric, higher in board.higher.items()),
    )
    body = element("tbody", *(_row(rank, row, board) for rank, row in enumerate(board.rows, 1)))
    content = element("table", element("caption", caption), element("thead", titles), body)
    note = element("p", NOTE.format(mark="marked"), class_="note")
    table = element("div", content, class_="wide", tabindex="0", role="region", aria_label=caption)
    return f"board{at}", f"Protocol {board.protocol} on {board.data}", joined([table, note])


def _row(rank: int, row: Row, board: Board) -> Markup:
    cells = (_cell(row.numbers.get(metric)) for metric in board.higher)
    name = element("th", row.name, scope="row")
    return element("tr", element("td", str(rank)), name, element("td", str(row.seeds)), *cells)


def _cell(one: Number | None) -> Markup:
    if one is None:
        return element("td", number(None))
    parts = [] if one.interval is None else [f"[{', '.join(number(end, beside=one.value) for end in one.interval)}]"]
    parts += [] if one.seeds is None else [f"{_SPREAD} {number(one.seeds, beside=one.value)} over seeds"]
    small = (element("small", part) for part in parts)
    if not one.leads:
        return element("td", number(one.value), *small)
    best = element("span", " best", class_="unseen")
    return element("td", element("strong", number(one.value)), best, *small, class_="best")

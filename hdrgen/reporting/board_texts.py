"""A board as text: for a terminal, in Markdown, in LaTeX, and as CSV with everything that is known."""

import csv
import io
from collections.abc import Callable, Sequence

from hdrgen.reporting.boards import Board, Number
from hdrgen.reporting.score_tables import number
from hdrgen.reporting.significance import LEVEL
from hdrgen.text_table import in_latex, latex_table, markdown_table, text_table

NOTE = (
    "95 % bootstrap intervals over scenes; {mark}: the best mean, and those that are not shown to be worse (Wilcoxon's"
    f" signed-rank test, Holm's correction, p < {LEVEL:g})"
)


def as_text(board: Board) -> str:
    """For a terminal."""
    heads = ["method", "seeds", *(_arrowed(metric, higher) for metric, higher in board.higher.items())]
    rows = _cells(board, lambda one: f"{_spread(one, ' +- ')}{_within(one)}{' *' if one.leads else ''}")
    return "\n".join([_title(board), *text_table([heads, *rows], right=range(1, len(heads))), NOTE.format(mark="*")])


def as_markdown(board: Board) -> str:
    """A table of GitHub's Markdown, the best in bold."""
    heads = ["method", "seeds", *(_arrowed(metric, higher) for metric, higher in board.higher.items())]

    def cell(one: Number) -> str:
        text = _spread(one, " ± ")
        return f"{f'**{text}**' if one.leads else text}{_within(one)}"

    table = markdown_table([heads, *_cells(board, cell)])
    return "\n".join([_title(board), "", *table, "", NOTE.format(mark="bold")])


def as_latex(board: Board) -> str:
    """A `tabular` with the rules of the package booktabs, the best in bold."""
    arrows = {None: "", True: r" $\uparrow$", False: r" $\downarrow$"}
    heads = ["method", "seeds", *(f"{in_latex(metric)}{arrows[higher]}" for metric, higher in board.higher.items())]

    def cell(one: Number) -> str:
        text = _spread(one, r" $\pm$ ")
        bold = rf"\textbf{{{text}}}" if one.leads else text
        return bold + (rf" {{\scriptsize{_within(one)}}}" if one.interval else "")

    rows = [[in_latex(row[0]), *row[1:]] for row in _cells(board, cell)]
    return "\n".join([f"% {_title(board)}; {NOTE.format(mark='bold')}", *latex_table([heads, *rows])])


def as_csv(board: Board) -> str:
    """A row for each method and metric."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    heads = ("protocol", "data", "scenes", "method", "seeds", "metric", "higher_is_better")
    rows.writerow((*heads, "mean", "low", "high", "seed_deviation", "leads"))
    for row in board.rows:
        for metric, one in row.numbers.items():
            about = (board.protocol, board.data, board.scenes, row.name, row.seeds, metric, board.higher[metric])
            rows.writerow((*about, one.value, *(one.interval or ("", "")), one.seeds, one.leads))
    return text.getvalue().rstrip("\n")


FORMATS: dict[str, Callable[[Board], str]] = {
    "text": as_text,
    "markdown": as_markdown,
    "latex": as_latex,
    "csv": as_csv,
}


def as_tables(boards: Sequence[Board], form: str) -> str:
    """All boards one after the other; of CSV, one head for all."""
    texts = [FORMATS[form](board) for board in boards]
    if form == "csv":
        return "\n".join([texts[0], *(line for text in texts[1:] for line in text.splitlines()[1:])])
    return "\n\n".join(texts)


def _cells(board: Board, cell: Callable[[Number], str]) -> list[list[str]]:
    return [
        [row.name, str(row.seeds), *(cell(row.numbers[one]) if one in row.numbers else "" for one in board.higher)]
        for row in board.rows
    ]


def _title(board: Board) -> str:
    return f"protocol {board.protocol} on {board.data}, {board.scenes} scenes"


def _within(one: Number) -> str:
    """The interval in brackets."""
    if one.interval is None:
        return ""
    low, high = (number(end, beside=one.value) for end in one.interval)
    return f" [{low}, {high}]"


def _spread(one: Number, sign: str) -> str:
    return number(one.value) + ("" if one.seeds is None else f"{sign}{number(one.seeds, beside=one.value)}")


def _arrowed(metric: str, higher: bool | None) -> str:
    return metric if higher is None else f"{metric} {'↑' if higher else '↓'}"

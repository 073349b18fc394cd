"""Tables of plain text, for terminals, and as papers and pages take them."""

import re
from collections.abc import Collection, Sequence
from typing import Literal, get_args

Form = Literal["text", "markdown", "latex", "csv"]
"""What a table is printed as."""
FORMS: tuple[str, ...] = get_args(Form)
_CONTROLS = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def printable(text: str) -> str:
    r"""Text with escapes for what moves the cursor, recolours the terminal, turns the direction or is no character.

    Names of files come from strangers, and may hold any of it.

    >>> print(printable("new\nline \x1b[2J"))
    new\nline \x1b[2J
    """
    return _CONTROLS.sub(lambda found: ascii(found[0])[1:-1], text)


def text_table(rows: Sequence[Sequence[str]], right: Collection[int] = (), narrowest: int = 0) -> list[str]:
    """The lines of a table whose columns are aligned.

    Args:
        rows: Cells by row, as many in each; each is one line, whatever it holds.
        right: Columns that are flush right, such as numbers; the others are flush left.
        narrowest: Characters that a column has at least.

    >>> text_table([("name", "size"), ("a", "7,000")], right=[1])
    ['name   size', 'a     7,000']
    """
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(narrowest, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        lines.append("  ".join(f"{cell:{'>' if at in right else '<'}{width}}" for at, (cell, width) in cells).rstrip())
    return lines


def markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    r"""The lines of a table in GitHub's Markdown; the first row is its head, all columns but the first are flush right.

    >>> markdown_table([("name", "size"), ("a|b", "7")])
    ['| name | size |', '| --- | ---: |', '| a\\|b | 7 |']
    """
    head, *body = [[printable(cell).replace("|", "\\|") for cell in row] for row in rows]
    rule = ["---", *["---:"] * (len(head) - 1)]
    return [f"| {' | '.join(row)} |" for row in (head, rule, *body)]


def latex_table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a `tabular` with the rules of the package booktabs; cells are LaTeX, see `in_latex`."""
    head, *body = [rf"{' & '.join(row)} \\" for row in rows]
    columns = f"l{'r' * (len(rows[0]) - 1)}"
    start = [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", head, r"\midrule"]
    return [*start, *body, r"\bottomrule", r"\end{tabular}"]


def in_latex(text: str) -> str:
    r"""Text that LaTeX prints as it is.

    >>> print(in_latex("psnr_mu 5%"))
    psnr\_mu 5\%
    """
    return "".join(_IN_LATEX.get(sign, sign) for sign in printable(text))


_IN_LATEX = {sign: f"\\{sign}" for sign in "&%$#_{}"} | {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}

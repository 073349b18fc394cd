"""Tables of plain text, for terminals."""

from collections.abc import Collection, Sequence


def text_table(rows: Sequence[Sequence[str]], right: Collection[int] = (), narrowest: int = 0) -> list[str]:
    """The lines of a table whose columns are aligned.

    Args:
        rows: Cells by row, as many in each.
        right: Columns that are flush right, such as numbers; the others are flush left.
        narrowest: Characters that a column has at least.

    >>> text_table([("name", "size"), ("a", "7,000")], right=[1])
    ['name   size', 'a     7,000']
    """
    widths = [max(narrowest, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = enumerate(zip(row, widths, strict=True))
        lines.append("  ".join(f"{cell:{'>' if at in right else '<'}{width}}" for at, (cell, width) in cells).rstrip())
    return lines

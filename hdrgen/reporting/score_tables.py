"""Numbers of several runs beside each other, the best marked."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hdrgen.markup import Markup, element, joined
from hdrgen.reporting.runs import MEAN, Test, aside_of
from hdrgen.reporting.significance import LEVEL, ByScene, leaders

MARKS = (
    "Marked is the best mean of a column, with those that the scenes do not show to be worse than it: Wilcoxon's"
    f" signed-rank test on the scenes of each pair of runs, corrected after Holm for all pairs of the column, p below"
    f" {LEVEL:g}. A column without marks is one in which no run is shown to be worse; fewer than six scenes never do."
)
"""What bold numbers mean."""
CELLS = 200_000
"""Most of a table; a browser is slow with as many."""


class Cell(NamedTuple):
    """A number, its deviation over scenes, whether higher is better, and its scenes; None is unknown."""

    value: float | None
    deviation: float | None = None
    higher: bool | None = None
    scenes: ByScene | None = None


class Group(NamedTuple):
    """Rows whose numbers compete with each other, column by column; the name heads them, None is no heading."""

    name: str | None
    rows: list[tuple[str, list[Cell]]]


def summary(tests: Sequence[Test]) -> Markup:
    """A row for each run: mean and standard deviation over scenes of every metric."""
    aside = aside_of(tests)
    metrics = [metric for metric in metrics_of(tests) if metric not in aside]
    rows = [(test.name, [_cell(test, metric, MEAN) for metric in metrics]) for test in tests]
    heads = [head_of(metric, direction(tests, metric)) for metric in metrics]
    return table("Means over scenes, and standard deviations", ["run"], heads, [Group(None, rows)])


def by_exposure(tests: Sequence[Test]) -> Markup | None:
    """For each metric of generated exposures, a row for each run and a column for each exposure value."""
    staged = [metric for metric in metrics_of(tests) if any(len(test.means.get(metric, ())) > 1 for test in tests)]
    if not staged:
        return None
    stops = {ev for test in tests for metric in staged for ev in test.means.get(metric, ()) if ev != MEAN}
    columns = [*sorted(stops, key=_stops), MEAN]
    if len(columns) * len(staged) * len(tests) > CELLS:
        return _too_large("Exposure by exposure")
    groups = [
        Group(
            f"{metric}{_arrow(direction(tests, metric))}",
            [(test.name, [_cell(test, metric, ev) for ev in columns]) for test in tests if metric in test.means],
        )
        for metric in staged
    ]
    heads = [Markup(element("th", _exposure(ev), scope="col")) for ev in columns]
    return table("Exposure by exposure, EV relative to the input", ["metric", "run"], heads, groups)


def by_scene(tests: Sequence[Test]) -> Markup:
    """A row for each scene and run; numbers of exposures are means over them."""
    metrics = metrics_of(tests)
    scenes = sorted({scene for test in tests for scene in test.scenes})
    if sum(len(test.scenes) for test in tests) * len(metrics) > CELLS:
        return _too_large("Scene by scene")
    groups = [
        Group(
            scene,
            [
                (test.name, [Cell(test.scenes[scene].get(m), higher=direction(tests, m)) for m in metrics])
                for test in tests
                if scene in test.scenes
            ],
        )
        for scene in scenes
    ]
    heads = [head_of(metric, direction(tests, metric)) for metric in metrics]
    return table("Scene by scene", ["scene", "run"], heads, groups)


def table(caption: str, stubs: Sequence[str], heads: Sequence[Markup], groups: Sequence[Group]) -> Markup:
    """A table that scrolls by itself where it is too wide, and can be scrolled by keyboard."""
    titles = element("tr", *(element("th", stub, scope="col") for stub in stubs), *heads)
    bodies = (element("tbody", *_rows(group)) for group in groups)
    content = element("table", element("caption", caption), element("thead", titles), *bodies)
    return element("div", content, class_="wide", tabindex="0", role="region", aria_label=caption)


def header(names: Iterable[str]) -> Markup:
    """The head of a table whose columns have these names."""
    return element("thead", element("tr", *(element("th", name, scope="col") for name in names)))


def metrics_of(tests: Sequence[Test]) -> list[str]:
    """All metrics, in the order in which the tests have them."""
    return list(dict.fromkeys(metric for test in tests for metric in test.means))


def direction(tests: Sequence[Test], metric: str) -> bool | None:
    """Whether higher is better, where one of the tests says so."""
    return next((test.higher[metric] for test in tests if metric in test.higher), None)


def best(cells: Sequence[Cell]) -> set[int]:
    """Where the best numbers of a column are, as far as the scenes tell; see `leaders`. Of one scene, its best.

    >>> best([Cell(1.0, higher=True), Cell(3.0, higher=True), Cell(None), Cell(3.001, higher=True)])
    {1, 3}
    """
    candidates = {at: cell for at, cell in enumerate(cells) if cell.value is not None and not math.isnan(cell.value)}
    directions = {cell.higher for cell in candidates.values()}
    if len(candidates) < 2 or len(directions) > 1 or None in directions:
        return set()
    if any(cell.scenes is not None for cell in candidates.values()):
        return leaders([cell.scenes if at in candidates else None for at, cell in enumerate(cells)], True in directions)
    values = [cell.value for cell in candidates.values() if cell.value is not None]
    winner = number(max(values) if True in directions else min(values))
    return {at for at, cell in candidates.items() if number(cell.value) == winner}


def number(value: float | None, beside: float | None = None) -> str:
    """A number as tables have it; with as many decimals as the one it stands `beside`, if that is not too few.

    >>> number(0.12345), number(23.456), number(477338.8), number(float("nan")), number(None)
    ('0.1235', '23.46', '4.773e+05', 'NaN', '–')
    >>> number(0.7221, beside=26.0), number(0.0012, beside=26.0)
    ('0.72', '0.0012')
    """
    if value is None:
        return "\N{EN DASH}"
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "\N{INFINITY}" if value > 0 else "-\N{INFINITY}"
    fine = abs(value) < (1 if beside is None or abs(beside) < 1 else 0.1)
    return f"{value:.4f}" if fine else f"{value:.2f}" if abs(value) < 1e5 else f"{value:.4g}"


def breakable(name: str) -> Markup:
    """A name or path that may be broken after underscores and slashes.

    >>> breakable("val/psnr_mu")
    'val/<wbr>psnr_<wbr>mu'
    """
    return joined(re.split(r"(?<=[_/])", name), "<wbr>")


def _too_large(caption: str) -> Markup:
    return element("p", f"{caption}: more than {CELLS} numbers, see the files of the tests.", class_="note")


def _rows(group: Group) -> list[Markup]:
    marked = [best(column) for column in zip(*(cells for _, cells in group.rows), strict=True)]
    rows = []
    for at, (label, cells) in enumerate(group.rows):
        spanning = (
            element("th", breakable(group.name), scope="rowgroup", rowspan=len(group.rows)) if group.name else None
        )
        numbers = (_number_cell(cell, at in marked[column]) for column, cell in enumerate(cells))
        rows.append(element("tr", spanning if at == 0 else None, element("th", label, scope="row"), *numbers))
    return rows


def _number_cell(cell: Cell, marked: bool) -> Markup:
    text = number(cell.value)
    spread = f"\N{PLUS-MINUS SIGN} {number(cell.deviation, beside=cell.value)}"
    deviation = None if cell.deviation is None else element("small", spread)
    if not marked:
        return element("td", text, deviation)
    return element("td", element("strong", text), element("span", " best", class_="unseen"), deviation, class_="best")


def _cell(test: Test, metric: str, ev: str) -> Cell:
    value, deviation = (numbers.get(metric, {}).get(ev) for numbers in (test.means, test.deviations))
    return Cell(value, deviation, test.higher.get(metric), test.scores.get(metric, {}).get(ev, {}))


def head_of(metric: str, higher: bool | None) -> Markup:
    """The head of a metric's column, with the direction that is better."""
    better = None if higher is None else f"{'higher' if higher else 'lower'} is better"
    hidden = element("span", f", {better}", class_="unseen") if better else None
    arrow = element("span", _arrow(higher), aria_hidden="true")
    return element("th", breakable(metric), arrow, hidden, scope="col", title=better)


def _arrow(higher: bool | None) -> str:
    return "" if higher is None else " \N{UPWARDS ARROW}" if higher else " \N{DOWNWARDS ARROW}"


def _exposure(ev: str) -> str:
    stops = _stops(ev)
    if ev == MEAN or math.isnan(stops):
        return ev
    return f"{stops:+g}" if math.isfinite(stops) else "up" if stops > 0 else "down"


def _stops(ev: str) -> float:
    try:
        return float(ev)
    except ValueError:
        return math.nan

"""Training curves as SVG: values under the pointer, and in a table for those who have none."""

import math
from collections.abc import Mapping, Sequence

from hdrgen.markup import Axes, Markup, Scale, drawn_labels, drawn_lines, element, joined, polyline
from hdrgen.reporting.other_logs import Curve
from hdrgen.reporting.runs import Run
from hdrgen.reporting.score_tables import breakable, header, number

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 10, 34  # of the frame around the curves
_POINTS = 200
"""Most points of a curve that are drawn."""
_LARGEST = 1e100
"""Values and steps beyond are no measurements, and no scale is long enough for them."""
COLOURS = 6
"""Colours that the style sheet has; later runs begin anew, with another dash."""
_DASHES = ("", "6 3", "2 2", "8 2 2 2")


def charts(runs: Sequence[Run]) -> Markup | None:
    """A chart for each logged number, and the last and extreme values as a table; None without any."""
    names = sorted({name for run in runs for name in run.curves})
    figures = [_figure(name, {run.name: run.curves.get(name, []) for run in runs}) for name in names]
    if not figures:
        return None
    return joined([element("div", *figures, class_="charts"), _values(runs, names)])


def _figure(name: str, curves: Mapping[str, Curve]) -> Markup:
    """One chart; its points have their values as titles, which the page's script also shows beside the chart."""
    finite = {
        run: [point for point in curve if all(abs(part) < _LARGEST for part in point)] for run, curve in curves.items()
    }
    points = [point for curve in finite.values() for point in curve]
    title = element("h3", breakable(name))
    if not points:
        return element("figure", title, element("p", "no finite values"), class_="chart")
    up = Scale([value for _, value in points], HEIGHT - _BOTTOM, _TOP, may_bend=True)
    axes = Axes(Scale([step for step, _ in points], _LEFT, WIDTH - _RIGHT), up)
    lines = [_line(at, run, thinned(curve), axes) for at, (run, curve) in enumerate(finite.items()) if curve]
    scale = ", logarithmic scale" if up.logarithmic else ""
    svg = element(
        "svg",
        *_frame(axes),
        *lines,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{name} by step{scale}",
    )
    readout = element("output", f"by step{scale}", class_="readout")
    return element("figure", title, svg, _legend(finite), readout, class_="chart")


def thinned(curve: Curve) -> Curve:
    """Evenly chosen points, and the last one.

    >>> len(thinned([(float(step), 1.0) for step in range(1000)]))
    201
    """
    stride = math.ceil(len(curve) / _POINTS)
    return [*curve[::stride], *(curve[-1:] if (len(curve) - 1) % stride else [])]


def _line(at: int, run: str, curve: Curve, axes: Axes) -> Markup:
    points = [axes.place(step, value) for step, value in curve]
    dots = [
        element("circle", element("title", f"{run}, step {step:g}: {number(value)}"), cx=f"{x:.1f}", cy=f"{y:.1f}", r=3)
        for (x, y), (step, value) in zip(points, curve, strict=True)
    ]
    return element("g", polyline(points, stroke_dasharray=_dash(at)), *dots, class_=f"line c{at % COLOURS}")


def _frame(axes: Axes) -> list[Markup]:
    """What the curves are drawn in and over."""
    size = {"width": WIDTH - _LEFT - _RIGHT, "height": HEIGHT - _BOTTOM - _TOP}
    return [
        element("rect", x=_LEFT, y=_TOP, **size, class_="frame"),
        *drawn_lines(axes.level_lines(), class_="grid"),
        *drawn_labels(axes.labels()),
        element("text", "step", x=(WIDTH + _LEFT) / 2, y=HEIGHT - 4, text_anchor="middle"),
    ]


def _legend(curves: Mapping[str, Curve]) -> Markup | None:
    if len(curves) < 2:
        return None
    entries = []
    for at, (run, curve) in enumerate(curves.items()):
        sample = element("line", x1=0, x2=24, y1=5, y2=5, stroke_dasharray=_dash(at))
        swatch = element("svg", sample, viewBox="0 0 24 10", class_=f"swatch line c{at % COLOURS}", aria_hidden="true")
        entries.append(element("li", swatch, f" {run}") if curve else None)
    return element("ul", *entries, class_="legend")


def _values(runs: Sequence[Run], names: Sequence[str]) -> Markup:
    rows = []
    for name in names:
        for run in runs:
            if curve := run.curves.get(name):
                values = [value for _, value in curve if not math.isnan(value)] or [math.nan]
                texts = [number(curve[-1][1]), f"{curve[-1][0]:g}", number(min(values)), number(max(values))]
                cells = (element("td", text) for text in texts)
                rows.append(element("tr", element("th", breakable(name), scope="row"), element("th", run.name), *cells))
    heads = header(("", "run", "last", "at step", "lowest", "highest"))
    table = element("table", heads, element("tbody", *rows))
    return element("details", element("summary", "The curves in numbers"), element("div", table, class_="wide"))


def _dash(at: int) -> str | None:
    return _DASHES[at // COLOURS % len(_DASHES)] or None

"""Training curves as SVG: values under the pointer, and in a table for those who have none."""

import math
from collections.abc import Mapping, Sequence

from hdrgen.markup import Markup, element, joined
from hdrgen.reporting.runs import Curve, Run
from hdrgen.reporting.tables import breakable, number

WIDTH, HEIGHT = 480, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 10, 10, 34  # of the frame around the curves
_POINTS = 200
"""Most points of a curve that are drawn."""
COLOURS = 6
"""Colours that the style sheet has; later runs begin anew, with another dash."""
_LOGARITHMIC = 20.0
"""Largest over smallest value from which a scale of positive values is logarithmic."""
_DASHES = ("", "6 3", "2 2", "8 2 2 2")


class Scale:
    """From values to pixels.

    Args:
        values: That have to fit.
        start: Pixel of the smallest.
        end: Pixel of the largest.
        may_bend: Whether it may be logarithmic.
    """

    def __init__(self, values: Sequence[float], start: float, end: float, may_bend: bool = False) -> None:
        low, high = min(values), max(values)
        self.logarithmic = may_bend and low > 0 and high / low > _LOGARITHMIC
        if low == high:
            low, high = low - abs(low) / 2 - 0.5, high + abs(high) / 2 + 0.5
        self.low, self.high, self.start, self.end = self._bent(low), self._bent(high), start, end

    def __call__(self, value: float) -> float:
        """The pixel of a value.

        >>> Scale([0.0, 10.0], 100.0, 200.0)(5.0)
        150.0
        """
        share = (self._bent(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """About five round values.

        >>> Scale([0.0, 9.0], 0.0, 1.0).ticks()
        [0.0, 2.0, 4.0, 6.0, 8.0]
        """
        step = _round_step((self.high - self.low) / 5)
        first = math.ceil(self.low / step - 1e-9)
        places = [at * step for at in range(first, math.floor(self.high / step + 1e-9) + 1)]
        return [10**place if self.logarithmic else round(place, 12) for place in places]

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


def charts(runs: Sequence[Run]) -> Markup | None:
    """A chart for each logged number, and the last and extreme values as a table; None without any."""
    names = sorted({name for run in runs for name in run.curves})
    drawn = [_figure(name, {run.name: run.curves.get(name, []) for run in runs}) for name in names]
    if not drawn:
        return None
    return joined([element("div", *drawn, class_="charts"), _values(runs, names)])


def _figure(name: str, curves: Mapping[str, Curve]) -> Markup:
    """One chart; its points hold their values as titles, which the page's script also tells beside it."""
    finite = {run: [point for point in curve if math.isfinite(point[1])] for run, curve in curves.items()}
    points = [point for curve in finite.values() for point in curve]
    title = element("h3", breakable(name))
    if not points:
        return element("figure", title, element("p", "no finite values"), class_="chart")
    across = Scale([step for step, _ in points], _LEFT, WIDTH - _RIGHT)
    up = Scale([value for _, value in points], HEIGHT - _BOTTOM, _TOP, may_bend=True)
    lines = [_line(at, run, thinned(curve), across, up) for at, (run, curve) in enumerate(finite.items()) if curve]
    scale = ", logarithmic scale" if up.logarithmic else ""
    svg = element(
        "svg",
        *_axes(across, up),
        *lines,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        aria_label=f"{name} by step{scale}",
    )
    told = element("output", f"by step{scale}", class_="told")
    return element("figure", title, svg, _legend(finite), told, class_="chart")


def thinned(curve: Curve) -> Curve:
    """Evenly chosen points, and the last one.

    >>> len(thinned([(float(step), 1.0) for step in range(1000)]))
    201
    """
    stride = math.ceil(len(curve) / _POINTS)
    return [*curve[::stride], *(curve[-1:] if (len(curve) - 1) % stride else [])]


def _line(at: int, run: str, curve: Curve, across: Scale, up: Scale) -> Markup:
    places = [(f"{across(step):.1f}", f"{up(value):.1f}") for step, value in curve]
    path = element("polyline", points=" ".join(",".join(place) for place in places), stroke_dasharray=_dash(at))
    dots = [
        element("circle", element("title", f"{run}, step {step:g}: {number(value)}"), cx=x, cy=y, r=3)
        for (x, y), (step, value) in zip(places, curve, strict=True)
    ]
    return element("g", path, *dots, class_=f"line c{at % COLOURS}")


def _axes(across: Scale, up: Scale) -> list[Markup]:
    bottom = HEIGHT - _BOTTOM
    made = [element("rect", x=_LEFT, y=_TOP, width=WIDTH - _LEFT - _RIGHT, height=bottom - _TOP, class_="frame")]
    for value in up.ticks():
        y = f"{up(value):.1f}"
        made.append(element("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=y, y2=y, class_="grid"))
        made.append(element("text", f"{value:.4g}", x=_LEFT - 5, y=y, dy="0.32em", text_anchor="end"))
    for value in across.ticks():
        made.append(element("text", f"{value:g}", x=f"{across(value):.1f}", y=bottom + 14, text_anchor="middle"))
    made.append(element("text", "step", x=(WIDTH + _LEFT) / 2, y=HEIGHT - 4, text_anchor="middle"))
    return made


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
    heads = element(
        "tr", *(element("th", head, scope="col") for head in ("", "run", "last", "at step", "lowest", "highest"))
    )
    rows = []
    for name in names:
        for run in runs:
            if curve := run.curves.get(name):
                values = [value for _, value in curve if not math.isnan(value)] or [math.nan]
                told = [number(curve[-1][1]), f"{curve[-1][0]:g}", number(min(values)), number(max(values))]
                cells = (element("td", text) for text in told)
                rows.append(element("tr", element("th", breakable(name), scope="row"), element("th", run.name), *cells))
    made = element("table", element("thead", heads), element("tbody", *rows))
    return element("details", element("summary", "The curves in numbers"), element("div", made, class_="wide"))


def _dash(at: int) -> str | None:
    return _DASHES[at // COLOURS % len(_DASHES)] or None


def _round_step(about: float) -> float:
    """1, 2 or 5 times a power of ten, the first that is not below."""
    power = 10.0 ** math.floor(math.log10(about))
    return next((times * power for times in (1, 2, 5) if times * power >= about * 0.999), 10 * power)

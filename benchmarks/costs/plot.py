"""Costs over megapixels and over frames, as one SVG file: time above, memory below."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hdrgen.markup import Axes, Label, Markup, Scale, drawn_labels, drawn_lines, element, polyline

WIDTH, HEIGHT = 380, 230  # of each of four charts
LEFT, RIGHT, TOP, BOTTOM = 56, 60, 26, 36
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
MEASURES = (("processor", "processor seconds"), ("gigabytes", "peak memory, GB"))


def draw(points: Sequence[Any], file: Path) -> None:
    """Write the chart of the plain way.

    Args:
        points: With `way`, `megapixels`, `frames`, and the measures.
        file: The .svg file.
    """
    plain = [point for point in points if point.way == "plain"]
    charts = [
        element(
            "g", *_chart(plain, measure, title, over, each), transform=f"translate({WIDTH * column} {HEIGHT * row})"
        )
        for row, (measure, title) in enumerate(MEASURES)
        for column, (over, each) in enumerate((("megapixels", "frames"), ("frames", "megapixels")))
    ]
    ground = element("rect", width=2 * WIDTH, height=2 * HEIGHT, fill="white")
    svg = element(
        "svg",
        ground,
        *charts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {2 * WIDTH} {2 * HEIGHT}",
        font_family="sans-serif",
        font_size=12,
    )
    file.write_text(svg + "\n", encoding="utf-8")


def _chart(points: Sequence[Any], measure: str, title: str, over: str, each: str) -> list[Markup]:
    """A curve for each value of `each`."""
    value_of: Callable[[Any], float] = lambda point: getattr(point, measure)  # noqa: E731
    across = Scale([getattr(point, over) for point in points], LEFT, WIDTH - RIGHT)
    axes = Axes(across, Scale([0.0, *map(value_of, points)], HEIGHT - BOTTOM, TOP))
    parts = [
        element("text", f"{title} by {over}", x=LEFT, y=16, font_weight="bold"),
        *drawn_lines(axes.level_lines(), stroke="#ddd"),
        *drawn_labels(axes.labels()),
    ]
    for colour, value in zip(COLOURS, sorted({getattr(point, each) for point in points}), strict=False):
        curve = sorted((getattr(one, over), value_of(one)) for one in points if getattr(one, each) == value)
        places = [axes.place(*place) for place in curve]
        dots = [element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2.5) for x, y in places]
        unit = "MP" if each == "megapixels" else each
        label = Label(places[-1][0] + 6, places[-1][1] + 4, f"{value} {unit}", "start")
        line = polyline(places, fill="none", stroke=colour, stroke_width=1.5)
        parts.append(element("g", line, *dots, *drawn_labels([label]), fill=colour))
    return parts

"""Costs over megapixels and over frames, as one SVG file: time above, memory below."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hdrgen.markup import Axes, Label, Markup, Scale, drawn_labels, drawn_lines, element, polyline

WIDTH, HEIGHT = 380, 230  # of each of four charts
LEFT, RIGHT, TOP, BOTTOM = 56, 80, 26, 36
LINE = 12.0  # of text, in pixels
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
MEASURES = (("processor", "processor seconds"), ("gigabytes", "peak memory, GB"))


def draw(points: Sequence[Any], file: Path) -> None:
    """Write the charts of the plain way: over megapixels and over frames.

    Args:
        points: With `way`, `megapixels`, `frames`, and the measures.
        file: The .svg file.
    """
    plain = [point for point in points if point.way == "plain"]
    columns = (("megapixels", "frames"), ("frames", "megapixels"))
    _write(file, [_chart(plain, *each, *column) for each in MEASURES for column in columns], len(columns))


def draw_ways(points: Sequence[Any], file: Path) -> None:
    """Write the charts of all ways over megapixels, at the least number of frames: seconds beside memory."""
    least = min(point.frames for point in points)
    some = [point for point in points if point.frames == least]
    _write(file, [_chart(some, *each, "megapixels", "way") for each in MEASURES], len(MEASURES))


def _write(file: Path, contents: Sequence[list[Markup]], columns: int) -> None:
    charts = [
        element("g", *parts, transform=f"translate({WIDTH * (index % columns)} {HEIGHT * (index // columns)})")
        for index, parts in enumerate(contents)
    ]
    height = HEIGHT * (len(contents) // columns)
    ground = element("rect", width=columns * WIDTH, height=height, fill="white")
    svg = element(
        "svg",
        ground,
        *charts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {columns * WIDTH} {height}",
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
    values = sorted({getattr(point, each) for point in points})
    curves = []
    for value in values:
        costs = sorted((getattr(one, over), value_of(one)) for one in points if getattr(one, each) == value)
        curves.append([axes.place(*cost) for cost in costs])
    heights = _apart([places[-1][1] for places in curves])
    for colour, value, places, height in zip(COLOURS, values, curves, heights, strict=False):
        dots = [element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=2.5) for x, y in places]
        words = {"megapixels": f"{value} MP", "frames": f"{value} frames"}.get(each, value)
        label = Label(places[-1][0] + 6, height + 4, words, "start")
        line = polyline(places, fill="none", stroke=colour, stroke_width=1.5)
        parts.append(element("g", line, *dots, *drawn_labels([label]), fill=colour))
    return parts


def _apart(heights: Sequence[float]) -> list[float]:
    """Where labels of one line each stand so that none covers another: from the lowest up, each above the last."""
    found, free = list(heights), float(HEIGHT)
    for index in sorted(range(len(found)), key=found.__getitem__, reverse=True):
        found[index] = min(found[index], free)
        free = found[index] - LINE
    return found

"""The axes of a chart: scales from values to pixels, grid lines and labels, and the SVG of both."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hdrgen.markup.elements import Markup, element

LOGARITHMIC = 20.0
"""Largest over smallest value from which a scale of positive values is logarithmic."""
FLAT = 1e-12
"""Of the values, below which their differences are no more than rounding."""
TICKS = 5
"""About as many as a scale has."""

Point = tuple[float, float]


class Scale:
    """From values to pixels.

    Args:
        values: That have to fit.
        start: Pixel of the smallest.
        end: Pixel of the largest.
        may_bend: Whether it may be logarithmic.
        step: Between ticks; None takes a round one.
    """

    def __init__(
        self, values: Sequence[float], start: float, end: float, may_bend: bool = False, step: float | None = None
    ) -> None:
        low, high = min(values), max(values)
        flat = high - low <= FLAT * max(abs(low), abs(high), sys.float_info.min / FLAT)
        self.logarithmic = may_bend and not flat and low > 0 and high / low > LOGARITHMIC
        if flat:
            low, high = low - abs(low) / 2 - 0.5, high + abs(high) / 2 + 0.5
        self.low, self.high, self.start, self.end = self._bent(low), self._bent(high), start, end
        self.step = step or _round_step((self.high - self.low) / TICKS)

    def __call__(self, value: float) -> float:
        """The pixel of a value.

        >>> Scale([0.0, 10.0], 100.0, 200.0)(5.0)
        150.0
        """
        share = (self._bent(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """The round values.

        >>> Scale([0.0, 9.0], 0.0, 1.0).ticks()
        [0.0, 2.0, 4.0, 6.0, 8.0]
        """
        # The 1e-9 keeps ticks on the ends of the scale, which division may miss by a rounding error.
        first = math.ceil(self.low / self.step - 1e-9)
        places = [at * self.step for at in range(first, math.floor(self.high / self.step + 1e-9) + 1)]
        return [10**place if self.logarithmic else round(place, 12) for place in places]

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value


class Label(NamedTuple):
    """Text at a pixel of its baseline; `anchor` is that of SVG: which end of the text is there, or its middle."""

    x: float
    y: float
    text: str
    anchor: str


@dataclass(frozen=True)
class Axes:
    """The frame of a chart.

    Attributes:
        across: Scale from left to right.
        up: Scale from the bottom to the top.
    """

    across: Scale
    up: Scale

    def place(self, x: float, y: float) -> Point:
        """The pixel of a point."""
        return self.across(x), self.up(y)

    def level_lines(self) -> list[tuple[Point, Point]]:
        """A line through the frame at each tick of `up`."""
        return [((self.across.start, y), (self.across.end, y)) for y in map(self.up, self.up.ticks())]

    def upright_lines(self) -> list[tuple[Point, Point]]:
        """A line through the frame at each tick of `across`."""
        return [((x, self.up.start), (x, self.up.end)) for x in map(self.across, self.across.ticks())]

    def labels(self) -> list[Label]:
        """The values at the ticks: beside the frame on the left, and below it."""
        # 4 pixels down is the middle of digits 11 to 12 pixels high.
        left = [Label(self.across.start - 6, self.up(value) + 4, f"{value:.4g}", "end") for value in self.up.ticks()]
        ticks = self.across.ticks()
        return left + [Label(self.across(value), self.up.start + 16, f"{value:g}", "middle") for value in ticks]


def drawn_lines(lines: Sequence[tuple[Point, Point]], **attributes: str | float) -> list[Markup]:
    """SVG of straight lines."""
    return [
        element("line", x1=_short(x1), y1=_short(y1), x2=_short(x2), y2=_short(y2), **attributes)
        for (x1, y1), (x2, y2) in lines
    ]


def drawn_labels(labels: Sequence[Label]) -> list[Markup]:
    """SVG of labels."""
    return [element("text", text, x=_short(x), y=_short(y), text_anchor=anchor) for x, y, text, anchor in labels]


def polyline(points: Sequence[Point], **attributes: str | float | None) -> Markup:
    """SVG of a curve through pixels.

    >>> polyline([(0.0, 1.26), (2.0, 3.0)], stroke="red")
    '<polyline points="0.0,1.3 2.0,3.0" stroke="red"></polyline>'
    """
    return element("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in points), **attributes)


def _short(pixel: float) -> str:
    return f"{pixel:.1f}"


def _round_step(about: float) -> float:
    """1, 2 or 5 times a power of ten, the first that is not below."""
    power = 10.0 ** math.floor(math.log10(about))
    return next((times * power for times in (1, 2, 5) if times * power >= about * 0.999), 10 * power)

"""HTML and SVG out of Python: elements in which text stays text, and the axes and curves of charts."""

from hdrgen.markup.axes import Axes, Label, Point, Scale, drawn_labels, drawn_lines, polyline
from hdrgen.markup.elements import Markup, element, embedded, escaped, joined

__all__ = [
    "Axes",
    "Label",
    "Markup",
    "Point",
    "Scale",
    "drawn_labels",
    "drawn_lines",
    "element",
    "embedded",
    "escaped",
    "joined",
    "polyline",
]

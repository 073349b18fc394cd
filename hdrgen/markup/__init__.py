"""HTML and SVG out of Python."""

from hdrgen.markup.elements import Markup, element, embedded, escaped, joined

__all__ = ["Markup", "element", "embedded", "escaped", "joined"]

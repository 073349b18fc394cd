"""A response curve as a picture: display value over exposure, a line for each channel."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hdrgen.camera import SRGB, CameraResponse
from hdrgen.io import MADE, complete_or_nothing
from hdrgen.markup import Axes, Markup, Point, Scale, drawn_labels, drawn_lines, element, joined, polyline

WIDTH, HEIGHT = 720, 480
LEFT, TOP, RIGHT, BOTTOM = 60, 40, 20, 50
STOPS = 12  # below white; the lowest sRGB code of 8 bits is 11.7 below
AXES = Axes(Scale((-STOPS, 0), LEFT, WIDTH - RIGHT, step=2), Scale((0, 1), HEIGHT - BOTTOM, TOP, step=0.25))
ACROSS, UP = "exposure, stops below white", "display value"
COLOURS = ("#d62728", "#2ca02c", "#1f77b4")
REFERENCE, GRID = "#999999", "#dddddd"
LEVELS = 255  # display values at which the curves are drawn: one for each code of 8 bits, but for black


class Curve(NamedTuple):
    """Points of a curve in pixels, its colour and its name."""

    points: list[Point]
    colour: str
    name: str


def write_plot(path: Path, response: CameraResponse, title: str) -> Path:
    """Draw the curves of the three channels, with sRGB to compare; .svg or .png by suffix."""
    curves = [Curve(_points(SRGB(), 0), REFERENCE, "sRGB")]
    curves += [Curve(_points(response, c), COLOURS[c], name) for c, name in enumerate(("red", "green", "blue"))]
    with complete_or_nothing(path) as temporary:
        if path.suffix.lower() == ".png":
            _draw(temporary, curves, title)
        else:
            temporary.write_text(_svg(curves, title) + "\n", encoding="utf-8")
    return path


def _points(response: CameraResponse, channel: int) -> list[Point]:
    display = np.arange(1, LEVELS + 1, dtype=np.float32) / LEVELS
    stops = np.log2(response.inverse(np.broadcast_to(display, (3, 1, LEVELS)))[channel, 0].clip(1e-9))
    return [AXES.place(x, y) for x, y in zip(stops.tolist(), display.tolist(), strict=True) if x >= -STOPS]


def _svg(curves: Sequence[Curve], title: str) -> Markup:
    middle = f"translate(16 {HEIGHT / 2}) rotate(-90)"
    parts = [
        element("rect", width=WIDTH, height=HEIGHT, fill="white"),
        element("text", title, x=LEFT, y=24, font_size=14),
        element("text", ACROSS, x=WIDTH / 2, y=HEIGHT - 10, text_anchor="middle"),
        element("text", UP, transform=middle, text_anchor="middle"),
        *drawn_lines(AXES.upright_lines() + AXES.level_lines(), stroke=GRID),
        *drawn_labels(AXES.labels()),
    ]
    for row, curve in enumerate(curves):
        parts.append(polyline(curve.points, fill="none", stroke=curve.colour, stroke_width=1.5))
        parts.append(element("text", curve.name, x=LEFT + 12, y=TOP + 18 + 16 * row, fill=curve.colour))
    return element(
        "svg",
        joined(parts, "\n"),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        font_family="sans-serif",
        font_size=12,
    )


def _draw(path: Path, curves: Sequence[Curve], title: str) -> None:
    from PIL import Image, ImageDraw, ImageFont
    from PIL.PngImagePlugin import PngInfo

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12)
    pen.text((LEFT, 12), title, fill="black", font=font)
    pen.text((WIDTH / 2, HEIGHT - 24), ACROSS, fill="black", font=font, anchor="ma")
    upright = Image.new("L", (HEIGHT, 16))
    ImageDraw.Draw(upright).text((HEIGHT / 2, 0), UP, fill=255, font=font, anchor="ma")
    picture.paste("black", (4, 0), upright.rotate(90, expand=True))
    for line in AXES.upright_lines() + AXES.level_lines():
        pen.line(line, fill=GRID)
    for x, y, text, anchor in AXES.labels():
        pen.text((x, y), text, fill="black", font=font, anchor="ms" if anchor == "middle" else "rs")
    for row, curve in enumerate(curves):
        pen.line(curve.points, fill=curve.colour, width=2)
        pen.text((LEFT + 12, TOP + 6 + 16 * row), curve.name, fill=curve.colour, font=font)
    about = PngInfo()
    about.add_text("Software", MADE)  # beside the photographs, it is none of them
    picture.save(path, pnginfo=about)

"""A response curve as a picture: display value over exposure, a line for each channel."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple

import torch

from hdrgen.camera import SRGB, CameraResponse

WIDTH, HEIGHT = 720, 480
LEFT, TOP, RIGHT, BOTTOM = 60, 40, 20, 50
STOPS = 12  # below white
COLOURS = ("#d62728", "#2ca02c", "#1f77b4")
REFERENCE = "#999999"
LEVELS = 255


class Line(NamedTuple):
    """Points in pixels, a colour and a name."""

    points: list[tuple[float, float]]
    colour: str
    name: str


def write_plot(path: Path, response: CameraResponse, title: str) -> Path:
    """Draw the curves of the three channels, with sRGB to compare; .svg or .png by suffix."""
    lines = [Line(_points(SRGB(), 0), REFERENCE, "sRGB")]
    lines += [Line(_points(response, c), COLOURS[c], name) for c, name in enumerate(("red", "green", "blue"))]
    if path.suffix.lower() == ".png":
        _draw(path, lines, title)
    else:
        path.write_text(_svg(lines, title), encoding="utf-8")
    return path


def _points(response: CameraResponse, channel: int) -> list[tuple[float, float]]:
    display = torch.arange(1, LEVELS + 1) / LEVELS
    stops = response.inverse(display.expand(3, 1, -1))[channel, 0].clamp_min(1e-9).log2()
    return [_place(x, y) for x, y in zip(stops.tolist(), display.tolist(), strict=True) if x >= -STOPS]


def _place(stops: float, display: float) -> tuple[float, float]:
    x = LEFT + (stops + STOPS) / STOPS * (WIDTH - LEFT - RIGHT)
    return x, HEIGHT - BOTTOM - display * (HEIGHT - TOP - BOTTOM)


def _grid() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    upright = [(_place(-s, 0), _place(-s, 1)) for s in range(0, STOPS + 1, 2)]
    level = [(_place(-STOPS, z / 4), _place(0, z / 4)) for z in range(5)]
    return upright + level


def _labels() -> list[tuple[float, float, str, str]]:
    """(x, y, text, anchor) of the axes."""
    below = [(*_place(-s, 0), f"{-s}", "middle") for s in range(0, STOPS + 1, 2)]
    beside = [(*_place(-STOPS, z / 4), f"{z / 4:g}", "end") for z in range(5)]
    return [(x, y + 18, t, a) for x, y, t, a in below] + [(x - 8, y + 4, t, a) for x, y, t, a in beside]


def _svg(lines: Sequence[Line], title: str) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="14">{escape(title)}</text>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 10}" text-anchor="middle">exposure, stops below white</text>',
        f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">display value</text>',
    ]
    parts += [
        f'<line x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}" stroke="#dddddd"/>' for a, b in _grid()
    ]
    parts += [f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{a}">{t}</text>' for x, y, t, a in _labels()]
    for row, line in enumerate(lines):
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in line.points)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="1.5"/>')
        parts.append(f'<text x="{LEFT + 12}" y="{TOP + 18 + 16 * row}" fill="{line.colour}">{line.name}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _draw(path: Path, lines: Sequence[Line], title: str) -> None:
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(12)
    pen.text((LEFT, 12), title, fill="black", font=font)
    pen.text((WIDTH / 2, HEIGHT - 24), "exposure, stops below white", fill="black", font=font, anchor="ma")
    upright = Image.new("L", (HEIGHT, 16))
    ImageDraw.Draw(upright).text((HEIGHT / 2, 0), "display value", fill=255, font=font, anchor="ma")
    picture.paste("black", (4, 0), upright.rotate(90, expand=True))
    for start, end in _grid():
        pen.line([start, end], fill="#dddddd")
    for x, y, text, anchor in _labels():
        pen.text((x, y), text, fill="black", font=font, anchor="ms" if anchor == "middle" else "rs")
    for row, line in enumerate(lines):
        pen.line(line.points, fill=line.colour, width=2)
        pen.text((LEFT + 12, TOP + 6 + 16 * row), line.name, fill=line.colour, font=font)
    picture.save(path)

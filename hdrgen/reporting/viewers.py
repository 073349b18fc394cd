"""Scenes to look at: input, results, truth and maps, side by side, under any exposure, and in false colours."""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io import read_header, read_image
from hdrgen.markup import Markup, element, embedded, joined
from hdrgen.reporting.colour_ramp import KNOTS
from hdrgen.reporting.embedded_images import LUMINANCE, coloured_map, displayed, fitting, gain_of, jpeg, packed, reduced
from hdrgen.reporting.run_files import or_warn, within
from hdrgen.reporting.run_settings import part
from hdrgen.reporting.runs import Pictures, Test

STOPS = 10
"""The exposure slider goes so far to both sides."""
_DECADES = 6
"""Most decades below the brightest that false colours show."""
_PERCENTILE = 0.5
"""Of the truth's darkest pixels, below the false colours."""
_MEGAPIXELS = 16
"""Of the largest picture that is read; tests write a quarter of one."""
_PICTURES = 64
"""Most in a scene's folder that are looked at."""
_BRIGHTEST = 1e9
"""Luminance of radiance 1 beyond which a protocol is not believed."""
Files = dict[str, Path]
"""Images of a scene by what they are called on the page."""


@dataclass(frozen=True)
class Light:
    """What radiance 1 comes to: `scale` times `unit`."""

    scale: float
    unit: str


def light_of(test: Test) -> Light:
    """cd/m2 where the protocol scores luminance, as its `luminance` says; relative otherwise."""
    protocol = part(test.about, "protocol")
    scale, metrics = protocol.get("luminance"), part(protocol, "luminance_metrics")
    if isinstance(scale, int | float) and 0 < scale < _BRIGHTEST and any(metrics.values()):
        return Light(float(scale), "cd/m²")
    return Light(1.0, "relative luminance")


def with_pictures(tests: Sequence[Test], names: Sequence[str], count: int) -> dict[str, list[tuple[Test, Pictures]]]:
    """Scenes that have pictures: those of these names, else the worst and best alternately.

    Raises:
        InputError: No test of this comparison has pictures of such a scene.
    """
    by_scene: dict[str, list[tuple[Test, Pictures]]] = {}
    # By rank across the tests: the worst scene of each, then the best of each, and so on.
    ranked = sorted(((at, test, one) for test in tests for at, one in enumerate(test.pictures)), key=lambda x: x[0])
    for _, test, one in ranked:
        by_scene.setdefault(one.scene, []).append((test, one))
    selected = [name for name in names if name in by_scene] if names else list(by_scene)[:count]
    return {name: sorted(by_scene[name], key=lambda each: tests.index(each[0])) for name in selected}


def viewer(scene: str, pictures: Sequence[tuple[Test, Pictures]], side: int, number: str) -> Markup:
    """A scene: its pictures, which need no script, and what the page's script makes of them.

    A picture that cannot be read is left out, with a warning.

    Args:
        scene: Its name.
        pictures: The tests that have pictures of it.
        side: Longer side of the pictures in pixels.
        number: Of the scene on the page, as a part of ids.

    Raises:
        InputError: No radiance of the scene can be read.
    """
    hdr, other = _files(pictures)
    light = light_of(pictures[0][0])
    seen = _radiance(hdr, side, light)
    if seen is None:
        raise InputError(f"{pictures[0][1].folder}: expected result.hdr, found none that can be read; test again")
    size, low, high = seen.size, seen.low, seen.high
    plain = {name: or_warn("", _address, path, size) for name, path in other.items()}
    plain |= {name: jpeg(displayed(image, seen.gain)) for name, image in seen.images.items()}
    order = list(dict.fromkeys(name for name in ("input", *hdr, *other) if plain.get(name)))
    data = {
        "size": size,
        "gain": seen.gain,
        "scale": light.scale,
        "unit": light.unit,
        "low": low,
        "high": high,
        "names": order,
        "radiance": {name: packed(image) for name, image in seen.images.items()},
    }
    ranks = ", ".join(f"{one.rank.replace('-', ' ')} of {test.name}" for test, one in pictures)
    truth = "truth" if "truth" in order else order[0]
    result = next((name for name in order if name not in ("input", "truth")), order[-1])
    legends = [legend(light.unit, low, high)]
    if len(order) > len(seen.images) + ("input" in order):
        legends.append(
            _scale(
                "maps",
                [("0", 0.0), ("0.5", 0.5), ("1", 1.0)],
                "maps, such as the probability that a difference is seen",
            )
        )
    return element(
        "figure",
        element("figcaption", element("h4", scene), element("p", ranks, class_="note")),
        controls((result, truth), order, legends, number),
        strip(plain, order, size),
        embedded(data),
        class_="scene",
    )


def palette() -> Markup:
    """The colours of luminance and maps for the page's script."""
    return embedded(KNOTS, id="palette")


def _files(pictures: Sequence[tuple[Test, Pictures]]) -> tuple[Files, Files]:
    """The radiance of truth and results, and the other images: the first run's input, every run's maps."""
    hdr, other = Files(), Files()
    for test, one in pictures:
        for path in sorted(itertools.islice(one.folder.glob("*.*"), _PICTURES)):
            if or_warn(None, within, path, one.folder) is None:
                continue
            if path.suffix == ".hdr":
                hdr.setdefault(path.stem if path.stem == "truth" else _called("result", test, pictures), path)
            elif path.suffix == ".png":
                other.setdefault(path.stem if path.stem == "input" else _called(path.stem, test, pictures), path)
    return dict(sorted(hdr.items(), key=lambda item: item[0] == "truth")), other


def _called(name: str, test: Test, pictures: Sequence[tuple[Test, Pictures]]) -> str:
    return name if len(pictures) == 1 else f"{name}, {test.name}"


@dataclass(frozen=True)
class _Radiance:
    """Small pictures of a scene's radiance, and what the truth, or else the first result, says of all of them.

    Attributes:
        images: By their names on the page.
        size: Width and height.
        gain: To an exposure that suits.
        low: Of false colours.
        high: Of false colours.
    """

    images: dict[str, np.ndarray]
    size: tuple[int, int]
    gain: float
    low: float
    high: float


def _radiance(files: Files, side: int, light: Light) -> _Radiance | None:
    """One large picture after the other; None where none can be read."""
    seen: _Radiance | None = None
    for name in sorted(files, key=lambda name: name != "truth"):
        image = or_warn(None, _read, files[name])
        if image is not None:
            seen = seen or _judged(image, side, light)
            seen.images[name] = reduced(image, seen.size)
    return seen


def _judged(reference: np.ndarray, side: int, light: Light) -> _Radiance:
    luminance = (reference @ LUMINANCE).astype(np.float64) * light.scale
    return _Radiance({}, fitting(reference, side), gain_of(reference), *_range(luminance))


def _read(path: Path) -> np.ndarray:
    header = read_header(path)
    if header.width * header.height > _MEGAPIXELS * 1e6:
        raise InputError(
            f"{path}: expected at most {_MEGAPIXELS} megapixels of a picture for the page, found"
            f" {header.width} x {header.height}"
        )
    return read_image(path, max_megapixels=_MEGAPIXELS).as_float()


def _address(path: Path, size: tuple[int, int]) -> str:
    small = np.clip(reduced(_read(path), size), 0, 1)
    return jpeg(small) if path.stem == "input" else coloured_map(small[..., 0])


def _range(luminance: np.ndarray) -> tuple[float, float]:
    """Powers of ten around all but the darkest and brightest pixels."""
    lit = luminance[luminance > 0]
    if not lit.size:
        return 0.1, 1.0
    low, high = np.log10(np.percentile(lit, [_PERCENTILE, 100 - _PERCENTILE]))
    top = max(math.ceil(high), math.floor(low) + 1)
    return 10.0 ** max(math.floor(low), top - _DECADES), 10.0**top


def strip(plain: Mapping[str, str], order: Sequence[str], size: tuple[int, int]) -> Markup:
    """The pictures themselves, which need no script.

    Args:
        plain: Addresses of images by name.
        order: Names.
        size: Width and height.
    """
    return element("div", *(_picture(name, plain[name], size) for name in order), class_="strip")


def _picture(name: str, address: str, size: tuple[int, int]) -> Markup:
    image = element("img", src=address, alt=name, width=size[0], height=size[1], data_name=name)
    return element("figure", image, element("figcaption", name))


def controls(
    ends: tuple[str, str], names: Sequence[str], legends: Sequence[Markup], number: str, *more: Markup
) -> Markup:
    """What only works with the script, which shows it.

    Args:
        ends: Left and right of the divider at first.
        names: Of the pictures.
        legends: Of false colours and maps.
        number: Of the scene on the page, as a part of ids.
        more: Below the controls of every viewer.
    """
    ev = element("input", type="range", min=-STOPS, max=STOPS, step=0.25, value=0, class_="ev", id=f"ev{number}")
    divide = element("input", type="range", min=0, max=100, step=1, value=50, class_="divide", id=f"divide{number}")
    false = element("input", type="checkbox", class_="false", id=f"false{number}")
    usual = element(
        "div",
        _select("left", names, ends[0], number),
        _select("right", names, ends[1], number),
        labelled("divider", f"divide{number}", divide),
        labelled("exposure", f"ev{number}", ev, element("output", "EV +0", class_="stops")),
        labelled("luminance in false colours", f"false{number}", false),
        class_="controls",
    )
    canvas = element("canvas", class_="stage", role="img", aria_label=f"{ends[0]} left, {ends[1]} right of the divider")
    readout = element("output", "move over the picture for values", class_="readout")
    stage = element("div", canvas, element("div", class_="seam", aria_hidden="true"), class_="frame")
    return element("div", usual, *more, stage, readout, *legends, class_="viewer", hidden=True)


def _select(side: str, names: Sequence[str], picked: str, number: str) -> Markup:
    options = (element("option", name, value=name, selected=name == picked) for name in names)
    return labelled(side, f"{side}{number}", element("select", *options, class_=side, id=f"{side}{number}"))


def labelled(text: str, target: str, *content: Markup) -> Markup:
    """A control with what it is called.

    Args:
        text: The words.
        target: Id of the control.
        content: The control, and what stands behind it.
    """
    return element("span", element("label", text, for_=target), *content, class_="control")


def legend(unit: str, low: float, high: float) -> Markup:
    """Of false colours, in decades.

    Args:
        unit: Of the numbers.
        low: Power of ten at the dark end.
        high: At the bright end.
    """
    bottom, top = round(math.log10(low)), round(math.log10(high))
    ticks = [(f"{10.0**power:g}", (power - bottom) / (top - bottom)) for power in range(bottom, top + 1)]
    return luminances(ticks, f"{unit}, logarithmic")


def luminances(ticks: Sequence[tuple[str, float]], unit: str) -> Markup:
    """The legend of false colours, which shows while they do.

    Args:
        ticks: Texts, and the share of the ramp at which they stand.
        unit: What they are.
    """
    return element("div", _scale("luminance", ticks, unit), class_="luminances", hidden=True)


def _scale(name: str, ticks: Sequence[tuple[str, float]], unit: str) -> Markup:
    marks = joined(element("span", text, style=f"left:{100 * share:.1f}%") for text, share in ticks)
    return element(
        "div", element("div", class_="ramp"), element("div", marks, class_="ticks"), unit, class_=f"scale {name}"
    )

"""HDR images to look at: the viewer of reports with tone mapping, a histogram and values, in a file of its own."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io import BT709, Image, converted, read_image, row_slices, srgb_decoded
from hdrgen.markup import Markup, element, embedded, joined
from hdrgen.reporting.embedded_images import LUMINANCE, displayed, fitting, gain_of, jpeg, packed, reduced
from hdrgen.reporting.html_file import html_file, made_by, write_html
from hdrgen.reporting.runs import short_names
from hdrgen.reporting.viewers import controls, labelled, luminances, palette, strip

WORKING_BYTES = 50
"""For each pixel of an image that is read, at most: radiance in its own colours and in those of the page.

46 were measured for 24 megapixels of Display P3, 37 for BT.709.
"""
_STOPS = 24
"""Most stops below the brightest that histogram and false colours show."""
_PERCENTILE = 0.05
"""Of the darkest and of the brightest pixels, which false colours and histogram show at their ends."""
_TICKS = 10
"""Most steps of the legend of false colours."""
_ASPECT = 0.02
"""By which the shapes of images that are compared may differ: what alignment cuts off."""
_DELTA = 1e-6
"""Of the logarithm, as `hdrgen.tonemap.reinhard2002` has it."""
_ROWS = 64
Values = NDArray[np.float32]


@dataclass(frozen=True)
class Shown:
    """An image on the page.

    Attributes:
        path: Its file.
        radiance: Reduced, (h, w, 3), linear BT.709.
        full: Width and height of the file's pixels.
        light: The largest luminance, and the mean of ln(L / largest + 1e-6), of all pixels.
        linear: Whether it is radiance, and no photograph whose curve was taken for that of sRGB.
    """

    path: Path
    radiance: Values
    full: tuple[int, int]
    light: dict[str, float]
    linear: bool

    @property
    def words(self) -> str:
        """The image in a line."""
        height, width = self.radiance.shape[:2]
        reduced_to = "" if (width, height) == self.full else f", reduced to {width} x {height}"
        kind = "" if self.linear else ", display values, taken to have the sRGB curve"
        return f"{self.path}: {self.full[0]} x {self.full[1]}{reduced_to}{kind}"


def write_view(
    paths: Sequence[Path], page: Path, *, side: int = 1600, clean: bool = False, max_megapixels: float = 500
) -> list[Shown]:
    """Write a page to look at images, whole or not at all.

    Args:
        paths: One image, or several of one shape to compare: radiance, or photographs.
        page: The HTML file.
        side: Longer side of the images on the page in pixels.
        clean: Replace what radiance cannot be instead of failing.
        max_megapixels: Refuse larger images.

    Returns:
        The images as they are on the page.

    Raises:
        InputError: An image that cannot be read, or of another shape than the first; a file that cannot be written.
    """
    images = list[Shown]()
    for path in paths:  # one large picture after the other
        image = read_image(
            path, clean=clean, gain_map="try", max_megapixels=max_megapixels, working_bytes=WORKING_BYTES
        )
        images.append(_shown(path, image, side, images[0] if images else None))
    write_html(page, _document(dict(zip(short_names(list(paths)), images, strict=True))))
    return images


def _shown(path: Path, image: Image, side: int, first: Shown | None) -> Shown:
    full = image.pixels.shape[1], image.pixels.shape[0]
    radiance = _radiance(image)
    size = fitting(radiance, side)
    if first is not None:
        if abs(math.log(full[0] / full[1] * first.full[1] / first.full[0])) > _ASPECT:
            expected = f"an image of the shape of {first.path}, {first.full[0]} x {first.full[1]}"
            raise InputError(f"{path}: expected {expected}, found {full[0]} x {full[1]}; view them one by one")
        size = first.radiance.shape[1], first.radiance.shape[0]
    return Shown(path, reduced(radiance, size), full, _light(radiance), image.linear)


def _radiance(image: Image) -> Values:
    """Linear BT.709, of display values what a display of sRGB makes of them; without negative values."""
    pixels = image.as_float() if image.linear else srgb_decoded(image.as_float())
    linear = converted(pixels, image.chromaticities or BT709.chromaticities, BT709.chromaticities)
    return np.maximum(linear, 0, dtype=np.float32)


def _light(radiance: Values) -> dict[str, float]:
    """What the tone mapper of the page has to know of the whole image."""
    strips = [radiance[rows] @ LUMINANCE for rows in row_slices(len(radiance), _ROWS)]
    largest = max(float(one.max()) for one in strips)
    sums = [float(np.log(one.astype(np.float64) / (largest or 1) + _DELTA).sum()) for one in strips]
    return {"largest": largest, "mean": math.fsum(sums) / (radiance.size // 3)}


def _document(images: Mapping[str, Shown]) -> Markup:
    title = f"hdrgen: {', '.join(images)}"
    main = element("main", element("h1", ", ".join(images)), made_by(), _viewer(images), palette(), class_="wide-stage")
    return html_file(title, main, ("viewer.js", "view.js"))


def _viewer(images: Mapping[str, Shown]) -> Markup:
    first, names = next(iter(images.values())), list(images)
    size, gain = (first.radiance.shape[1], first.radiance.shape[0]), gain_of(first.radiance)
    low, high = _stops(images.values())
    data = {
        "size": size,
        "gain": gain,
        "scale": 1,
        "unit": "",
        "low": 2.0**low,
        "high": 2.0**high,
        "stops": [low, high],
        "names": names,
        "files": {name: str(image.path) for name, image in images.items()},
        "light": {name: image.light for name, image in images.items()},
        "radiance": {name: packed(image.radiance) for name, image in images.items()},
    }
    step = math.ceil((high - low) / _TICKS)
    ticks = [(f"{stop:+d}", (stop - low) / (high - low)) for stop in range(low, high + 1, step)]
    unit = "EV of luminance; radiance 1 is EV 0"
    plain = {name: jpeg(displayed(image.radiance, gain)) for name, image in images.items()}
    return element(
        "figure",
        element("figcaption", *(element("p", image.words, class_="note") for image in images.values())),
        controls((names[0], names[-1]), names, [luminances(ticks, unit)], "", _tone_mapping(), _histogram()),
        strip(plain, names, size),
        embedded(data),
        class_="scene",
    )


def _stops(images: Iterable[Shown]) -> tuple[int, int]:
    """Whole stops around the luminance of the images, but for the black, the darkest and the brightest pixels."""
    lit = [luminance[luminance > 0] for luminance in ((image.radiance @ LUMINANCE).ravel() for image in images)]
    ends = [np.log2(np.percentile(one, [_PERCENTILE, 100 - _PERCENTILE]).astype(np.float64)) for one in lit if one.size]
    if not ends:
        return -1, 0
    top = math.floor(max(high for _, high in ends)) + 1
    return max(math.floor(min(low for low, _ in ends)), top - _STOPS), top


def _tone_mapping() -> Markup:
    """The sliders of the global operator of Reinhard et al. 2002, and of contrast and saturation."""
    mapped = element("input", type="checkbox", class_="mapped", id="mapped")
    sliders = [
        _slider("key", "key", -3, 3, 0.125, 0),
        _slider("burnt", "white, stops below the brightest", 0, 10, 0.25, 0),
        _slider("contrast", "contrast", 0.5, 2, 0.05, 1),
        _slider("saturation", "saturation", 0, 2, 0.05, 1),
    ]
    files = element("input", type="file", class_="files", id="files", multiple=True, accept="image/*,.html,.htm")
    return joined(
        [
            element("div", labelled("tone-mapped (Reinhard 2002)", "mapped", mapped), *sliders, class_="controls"),
            element("output", class_="command note"),
            element(
                "div",
                labelled("pictures to compare with, also dropped on the page", "files", files),
                element("output", class_="dropped"),
                class_="controls",
            ),
        ]
    )


def _slider(name: str, words: str, least: float, most: float, step: float, value: float) -> Markup:
    slider = element("input", type="range", min=least, max=most, step=step, value=value, class_=name, id=name)
    return labelled(words, name, slider, element("output", class_=f"{name}-told"))


def _histogram() -> Markup:
    words = "pixels by luminance in EV, left image filled, right one as a line; the band: what the exposure shows"
    canvas = element("canvas", class_="histogram", width=900, height=110, role="img", aria_label=words)
    return element("div", canvas, element("p", words, class_="note"))

"""Image files as tensors."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.camera import SRGB
from hdrgen.data.auto_exposure import auto_exposed
from hdrgen.data.sample import GAIN_MAP, LINEAR
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import (
    Image,
    RawDevelopment,
    Turning,
    White,
    WhiteLevel,
    has_gain_map,
    read_header,
    read_image,
    row_slices,
    rows_of,
    shared_development,
    white_of_floats,
)

if TYPE_CHECKING:
    import numpy as np


def read_radiance(path: Path) -> Tensor:
    """(3, H, W) radiance of an HDR file; NaN, infinite and negative pixels are replaced by the reader."""
    return _channels_first(read_image(path, clean=True, gain_map=True))


class FramePixels(NamedTuple):
    """One exposure: (3, H, W) display values, whether the file held linear ones, and its integers' type."""

    display: Tensor
    linear: bool
    codes: np.dtype[Any] | None = None


def read_frame(
    path: Path,
    *,
    clean: bool = False,
    max_megapixels: float = 500,
    development: RawDevelopment | None = None,
    turning: Turning | None = None,
) -> FramePixels:
    """One exposure of a stack.

    Linear frames (RAW, float TIFF) hold the sensor's exposure, 1 at its white level: they are clipped there and
    encoded with the sRGB curve, which is then the true response of the stack. `turning` is that of all frames, where
    their orientation tags differ; the other options are those of `read_image`.

    Raises:
        InputError: As of `read_image`; floats that are codes, of which one frame alone does not tell the white.
    """
    image = read_image(path, clean=clean, max_megapixels=max_megapixels, development=development)
    if image.linear and image.pixels.dtype.kind == "f" and white_of_floats(largest := float(image.pixels.max())) != 1:
        found = f"found values up to {largest:.8g}; divide all frames by their white level"
        raise InputError(f"{path}: expected linear values of which 1 is white, {found}")
    image = turning.applied(image) if turning else image
    pixels = _channels_first(image)
    codes = image.pixels.dtype if image.pixels.dtype.kind == "u" else None
    return FramePixels(SRGB()(pixels) if image.linear else pixels, image.linear, codes)


def read_photograph(
    path: Path, *, clean: bool = False, max_megapixels: float = 500, working_bytes: float = 0, white: White = None
) -> Tensor:
    """(3, H, W) display values of a single photograph.

    RAW is encoded with the sRGB curve as it was exposed. Radiance from .hdr, .exr and float TIFF has no exposure: it
    is exposed first, so that its median luminance becomes middle grey, 0.18. `white` is the code at which it clips, or
    one each of red, green and blue, which then counts as the largest; None: where its brightest pixels pile up, and
    colours show that they are clipped. Other options are those of `read_image`.

    Raises:
        InputError: As of `read_image`; a white that cannot be, or of radiance.

    Warns:
        InputWarning: Radiance: what a method makes of it is less than what the file holds; a white below the largest
            code.
    """
    return read_exposed(
        path, clean=clean, max_megapixels=max_megapixels, working_bytes=working_bytes, white=white
    ).display


def read_exposed(path: Path, *, white: White = None, **how: Any) -> OwnRadiance:
    """As of `read_photograph`, with the share of light that white is."""
    if white is not None or read_header(path).format.name != "RAW":
        return OwnRadiance(_photograph(path, read_image(path, **how), white))
    development, share = _sensors_white(path)
    image = read_image(path, development=development, **how)
    return OwnRadiance(_photograph(path, image, white), share=share if image.pixels.dtype.kind == "u" else 1.0)


def _photograph(path: Path, image: Image, white: White) -> Tensor:
    """As of `read_photograph`."""
    if image.linear and image.pixels.dtype.kind == "f":
        again = "is an HDR image already, of which one exposure is taken here as the photograph"
        warnings.warn(InputWarning(f"{path}: {again}; tone-map it to see it, or expose it for a stack"), stacklevel=2)
    try:
        return photograph_of(_with_own_white(path, image) if white is None else _with_white(image, white))
    except InputError as error:
        raise InputError(f"{path}: {error}", error.argument) from error


def _with_white(image: Image, white: float | Sequence[float]) -> Image:
    if image.linear:
        raise InputError(f"expected display values, of which white={white} is a code, found linear ones", "white")
    level = WhiteLevel.given(white, [image.pixels])
    return image if level is None else replace(image, pixels=level.applied(image.pixels))


def _with_own_white(path: Path, image: Image) -> Image:
    """With the white that the photograph itself shows, which is told, or that it may be a surface."""
    found = None if image.linear else WhiteLevel.of_one(image.pixels)
    if found is None:
        return image
    level, sure = found
    shown = ",".join(str(each.code) for each in level.levels)
    shown = str(level.levels[0].code) if len({each.code for each in level.levels}) == 1 else shown
    if sure:
        told = f"{level}: what is brightest piles up there; pass white={level.top} if that is no clipping"
        image = replace(image, pixels=level.applied(image.pixels))
    else:
        most = "hardly anything" if image.pixels.max() > max(each.code for each in level.levels) else "nothing"
        told = f"{most} is brighter than {shown} of {level.top}; pass white={shown} if the photograph clips there"
    warnings.warn(InputWarning(f"{path}: {told}", "white"), stacklevel=4)
    return image


def _sensors_white(path: Path) -> tuple[RawDevelopment | None, float]:
    """How a RAW file is developed whose sensor clips below the white level that it names, which is told.

    And the share of the light at the white level that is the largest value then.
    """
    found = None
    with suppress(InputError):  # what cannot be read is told by who reads the pixels
        found = shared_development([path], [0.0], 0, RawDevelopment())
    if found is None or not found.white or found.development.white is None:
        return None, 1.0 if found is None else found.share
    warnings.warn(InputWarning(f"{path}: {found.white}: the sensor's brightest values pile up there"), stacklevel=3)
    return RawDevelopment(white=found.development.white), found.share


class OwnRadiance(NamedTuple):
    """A photograph and what its file knows of its radiance.

    Attributes:
        display: (3, H, W) display values.
        source: See `Sample.source`; None where it knows nothing.
        radiance: (3, H, W), where it knows that.
        share: Of the light at the white level of a RAW file that display 1 is: the sensor may clip before.
    """

    display: Tensor
    source: str | None = None
    radiance: Tensor | None = None
    share: float = 1.0


def read_own_radiance(
    path: Path, *, clean: bool = False, max_megapixels: float = 500, working_bytes: float = 0, white: White = None
) -> OwnRadiance | None:
    """A photograph with a gain map, or RAW; None of any other file, which `read_photograph` reads.

    The options are those of `read_photograph`; `white` is that of a photograph whose gain map cannot be read.

    Warns:
        InputWarning: The gain map cannot be read, or `white` is of no use.
    """
    read = partial(read_image, path, clean=clean, max_megapixels=max_megapixels, working_bytes=working_bytes)
    kind = read_header(path).format.name
    if kind == "RAW":
        _tell_white(path, white, "the sensor's own")
        development, share = _sensors_white(path)
        image = read(development=development)
        return OwnRadiance(photograph_of(image), LINEAR, share=share if image.pixels.dtype.kind == "u" else 1.0)
    if not has_gain_map(path):
        return None
    image = read(gain_map="try")
    if not image.linear:
        return OwnRadiance(_photograph(path, image, white))
    _tell_white(path, white, "that of its gain map")
    radiance = _channels_first(image)
    del image  # before the photograph is read, too
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InputWarning)  # that the gain map is left out
        return OwnRadiance(photograph_of(read()), GAIN_MAP, radiance)


def _tell_white(path: Path, white: White, own: str) -> None:
    if white is not None:
        told = f"{path}: white is for display values, not for this file, of which {own} is used"
        warnings.warn(InputWarning(told, "white"), stacklevel=3)


def photograph_of(image: Image) -> Tensor:
    """(3, H, W) display values of an image that has been read; see `read_photograph`."""
    pixels = _channels_first(image)
    if not image.linear:
        return pixels
    exposed_already = image.pixels.dtype.kind == "u"
    return SRGB()(pixels if exposed_already else auto_exposed(pixels))


def shrunk(images: Tensor, max_side: int | None) -> Tensor:
    """(N, 3, H, W) reduced to at most `max_side` pixels in height and width, antialiased; never enlarged."""
    height, width = images.shape[-2:]
    if max_side is None or max(height, width) <= max_side:
        return images
    factor = max_side / max(height, width)
    size = [max(1, round(height * factor)), max(1, round(width * factor))]
    return functional.interpolate(images, size, mode="bilinear", antialias=True)


def squared(images: Tensor, side: int) -> Tensor:
    """(N, 3, H, W) resized to `side` pixels in height and width, antialiased, whatever the aspect was."""
    return functional.interpolate(images, [side, side], mode="bilinear", antialias=True)


def _channels_first(image: Image) -> Tensor:
    """(3, H, W) of `image.as_float()`, some rows at a time: the whole of a large photograph would be held twice."""
    height, width, channels = image.pixels.shape
    result = torch.empty(channels, height, width)
    for rows in row_slices(height, rows_of(width)):
        part = replace(image, pixels=image.pixels[rows]).as_float()
        result[:, rows] = torch.from_numpy(part).permute(2, 0, 1)
    return result

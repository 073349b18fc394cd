"""Pixels as plain formats store them: converted in colour, and rounded where they are display values."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.codec import EncodeOptions
from hdrgen.io.colour import BT709, ColourSpace, conversion, converted, same_colours, srgb_decoded, srgb_encoded
from hdrgen.io.image import Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.rows import by_rows


def display_levels(
    path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions, depths: tuple[int, ...]
) -> tuple[Pixels, Tags]:
    """Display values as levels of one of the depths; radiance as it is, where the depth is 32.

    Raises:
        InputError: Bits that are none of `depths`.
    """
    default = {"u": 8 * pixels.dtype.itemsize, "f": 32}[pixels.dtype.kind]
    depth = options.bits if options.bits is not None else default if default in depths else 8
    if depth not in depths:
        expected = " or ".join(map(str, depths))
        raise InputError(f"{path}: expected bits of {expected} for {path.suffix}, found {depth}", argument="bits")
    linear = pixels.dtype.kind == "f" and depth == 32
    pixels, tags = in_colours(pixels, tags, options.colour_space, linear=linear)
    return quantised(pixels, depth), tags


def in_colours(pixels: Pixels, tags: Tags, target: ColourSpace | None, *, linear: bool) -> tuple[Pixels, Tags]:
    """The pixels in the colours of the target, if there is one, and tags that say so; display values are sRGB's."""
    if target is None:
        return pixels, tags
    source = tags.chromaticities or BT709.chromaticities
    tags = replace(tags, chromaticities=target.chromaticities)
    if same_colours(source, target.chromaticities):
        return pixels, tags
    if linear:
        return converted(pixels, source, target.chromaticities), tags
    matrix = conversion(source, target.chromaticities).T

    def display(rows: Pixels) -> Pixels:
        return srgb_encoded(srgb_decoded(quantised(rows, 32).astype(np.float64)) @ matrix)

    return by_rows(display, pixels, np.float32), tags

"""What reaches the eye: colour encodings to cd/m2 of display primaries, and how the receptors take up each primary."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.checking import Domain

Primaries = tuple[tuple[float, float, float], ...]

DISPLAYS: Mapping[str, Primaries] = {
    "ccfl-lcd": (
        (0.198996120337929, 0.0410058604075889, 0.0143773686211192),
        (0.404762607038125, 0.254923306441346, 0.480920841084132),
        (0.0543906192553212, 0.0500122489593007, 0.45427589566936),
    ),
    "led-lcd": (
        (0.178717470832544, 0.0472952893423273, 0.0688682732168711),
        (0.441718417647363, 0.264952931503019, 0.584439209301964),
        (0.0372989838133378, 0.0340675162107671, 0.330973586775301),
    ),
    "crt": (
        (0.193521438567804, 0.0450532090857062, 0.0470736661755417),
        (0.41422401076384, 0.256275195962185, 0.538454767533398),
        (0.0507166362862674, 0.0452380197199973, 0.400413942316388),
    ),
    "d65": ((0.601847152244699, 0.316708295579169, 0.904670654599503),),
}
"""Excitation of L cones, M cones and rods by 1 cd/m2 of each primary (rows; R, G, B, or the one of grey).

The integrals of HDR-VDP 2.2's display spectra with Smith and Pokorny's L and M fundamentals and the CIE 1951 scotopic
luminosity function. HDR-VDP does not use the S cones.
"""

_XYZ_TO_BT709 = (
    (3.240708, -1.537259, -0.498570),
    (-0.969257, 1.875995, 0.041555),
    (0.055636, -0.203996, 1.057069),
)


class Encoding(NamedTuple):
    """What the values of an image mean."""

    channels: int
    decode: Callable[[Tensor], Tensor]
    """From `(B, channels, H, W)` to cd/m2 of each primary, same shape."""
    domain: Domain


def decode_srgb_display(values: Tensor) -> Tensor:
    """Of a display of 100 cd/m2 with 1 cd/m2 of black: sRGB's curve, times 99, plus 1."""
    # The branch not taken must not give its gradient NaN, hence the clamp.
    curved = ((values.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return 99 * torch.where(values <= 0.04045, values / 12.92, curved) + 1


def decode_luma_display(values: Tensor) -> Tensor:
    """Of the same display driven with grey: gamma 2.2."""
    return 99 * values.clamp_min(0) ** 2.2 + 1


def decode_xyz(values: Tensor) -> Tensor:
    """CIE XYZ in cd/m2 to linear BT.709."""
    return torch.einsum("kc,bchw->bkhw", values.new_tensor(_XYZ_TO_BT709), values)


ENCODINGS: Mapping[str, Encoding] = {
    "rgb-bt.709": Encoding(3, lambda values: values, "luminance"),
    "luminance": Encoding(1, lambda values: values, "luminance"),
    "sRGB-display": Encoding(3, decode_srgb_display, "display"),
    "luma-display": Encoding(1, decode_luma_display, "display"),
    "XYZ": Encoding(3, decode_xyz, "luminance"),
}
"""By HDR-VDP's names. `rgb-bt.709` (linear, absolute) and `luminance` are cd/m2 already: no matrix is applied."""


def encoding_named(name: str) -> Encoding:
    """One of `ENCODINGS`.

    Raises:
        InputError: If there is none of that name.
    """
    if name not in ENCODINGS:
        raise InputError(f"expected a colour encoding of HDR-VDP ({', '.join(ENCODINGS)}), found {name!r}")
    return ENCODINGS[name]


def default_display(channels: int) -> str:
    """`d65` for grey, `ccfl-lcd` for colour, as the release has it."""
    return "d65" if channels == 1 else "ccfl-lcd"


def primaries_of(display: str | None, channels: int) -> Primaries:
    """Rows of `DISPLAYS` for images of 1 or 3 channels; by default those of `default_display`.

    A grey image on a display with three primaries drives all three.

    Raises:
        InputError: If there is no such display, or it has fewer primaries than the image channels.
    """
    name = display or default_display(channels)
    if name not in DISPLAYS:
        raise InputError(f"expected a display of HDR-VDP ({', '.join(DISPLAYS)}), found {name!r}")
    rows = DISPLAYS[name]
    if channels == 1:
        first, second, third = (sum(column) for column in zip(*rows, strict=True))
        return ((first, second, third),)
    if len(rows) < channels:
        raise InputError(f"display {name} is for encodings of one channel, found one of {channels}")
    return rows

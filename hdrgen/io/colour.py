"""Colour spaces: primaries, the matrices between them, and the curves that values are stored in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.rows import by_rows

Values = NDArray[Any]
Chromaticities = Sequence[float]
"""x, y of red, green, blue and white, as in OpenEXR files."""

_D65 = (0.3127, 0.3290)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_EQUAL_ENERGY = (1 / 3, 1 / 3)
_SAME = 1e-3  # chromaticities are written with three or four decimals
_NO_LIGHT = 1e-3  # y of a primary: no light, not at the ends of the spectrum either, is below 0.004
# No colours are near these limits: of the spaces of colour-science no chromaticity is beyond 1.5, no y of a white below
# 0.3, no primary's share in the white, and no response of a cone to it, below 0.4.
_FARTHEST, _LEAST, _LARGEST_SHARE = 3.0, 0.02, 100.0


@dataclass(frozen=True)
class ColourSpace:
    """Primaries and white of RGB values.

    Attributes:
        name: As users write it.
        chromaticities: CIE x, y of red, green, blue and white.
        cicp: Number of the primaries in ITU-T H.273, which AVIF and JPEG XL files store.
    """

    name: str
    chromaticities: tuple[float, ...]
    cicp: int


BT709 = ColourSpace("bt709", (0.640, 0.330, 0.300, 0.600, 0.150, 0.060, *_D65), 1)
"""ITU-R BT.709, also the primaries of sRGB."""
DISPLAY_P3 = ColourSpace("display-p3", (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, *_D65), 12)
"""SMPTE EG 432-1 with the white of BT.709."""
BT2020 = ColourSpace("bt2020", (0.708, 0.292, 0.170, 0.797, 0.131, 0.046, *_D65), 9)
"""ITU-R BT.2020 and BT.2100."""
ADOBE_RGB = ColourSpace("adobe-rgb", (0.640, 0.330, 0.210, 0.710, 0.150, 0.060, *_D65), 2)
"""Adobe RGB (1998), of many cameras' photographs; H.273 has no number for it."""
COLOUR_SPACES = (BT709, DISPLAY_P3, BT2020)


def colour_space_named(name: str) -> ColourSpace:
    """The colour space of `COLOUR_SPACES` with this name.

    Raises:
        InputError: There is none.

    >>> colour_space_named("bt2020").cicp
    9
    """
    space = next((space for space in COLOUR_SPACES if space.name == name), None)
    if space is None:
        known = ", ".join(space.name for space in COLOUR_SPACES)
        raise InputError(f"colour_space: expected one of {known}, found {name!r}", argument="colour_space")
    return space


def same_colours(first: Chromaticities, second: Chromaticities) -> bool:
    """Whether two sets of chromaticities differ by rounding only."""
    return bool(np.allclose(first, second, rtol=0, atol=_SAME))


def named_like(chromaticities: Chromaticities) -> ColourSpace | None:
    """The colour space of `COLOUR_SPACES` that has these chromaticities, if one does."""
    return next((space for space in COLOUR_SPACES if same_colours(space.chromaticities, chromaticities)), None)


def usable_chromaticities(numbers: Sequence[float]) -> tuple[float, ...] | None:
    """Chromaticities that a file gives, where they can be converted into others; None where they say nothing.

    Zero, NaN and infinite values, primaries on one line, and a white that the primaries do not enclose are no colours.
    Primaries that no light has, of a negative y, are.

    >>> usable_chromaticities((0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290)) == BT709.chromaticities
    True
    >>> usable_chromaticities((0.3, 0.3) * 4)
    """
    values = np.asarray(numbers, np.float64)
    if values.shape != (8,) or not (np.abs(values) <= _FARTHEST).all() or values[7] < _LEAST:
        return None
    x, y = values.reshape(4, 2).T
    parts = np.stack([x, y, 1 - x - y])
    if np.linalg.matrix_rank(parts[:, :3], tol=_LEAST) < 3:
        return None
    white = parts[:, 3] / y[3]
    shares = np.linalg.solve(parts[:, :3], white)
    if not ((shares > _LEAST).all() and (shares < _LARGEST_SHARE).all() and (_BRADFORD @ white > _LEAST).all()):
        return None
    return tuple(float(value) for value in values)


def rgb_to_xyz(chromaticities: Chromaticities) -> Values:
    """The 3 x 3 matrix from linear RGB to CIE XYZ, in which RGB (1, 1, 1) is the white with Y = 1.

    Columns are the primaries' XYZ, scaled so that they add up to the white (SMPTE RP 177).

    >>> rgb_to_xyz(BT709.chromaticities)[1].round(4).tolist()
    [0.2126, 0.7152, 0.0722]
    """
    x, y = np.asarray(chromaticities, np.float64).reshape(4, 2).T
    parts = np.stack([x, y, 1 - x - y])  # not divided by y, which is 0 where the primaries are those of XYZ itself
    scale = np.linalg.solve(parts[:, :3], parts[:, 3] / y[3])
    result: Values = parts[:, :3] * scale
    return result


def adopted_white(chromaticities: Chromaticities) -> Values | None:
    """The XYZ of what looks white in an image, Y = 1; None where its numbers are tristimulus values, which do not say.

    Values in CIE XYZ itself, or in other primaries that no light can have, are by convention normalised to equal energy
    (x = y = 1/3). That is their unit and not a white that anybody looked at: the XYZ of a picture under D65 stays under
    D65. Primaries of a negative y with another white, as of ACES or of cameras, are adapted like any others.
    """
    values = np.asarray(chromaticities, np.float64)
    unreal = (values[1:6:2] <= _NO_LIGHT).any()
    if unreal and np.allclose(values[6:], _EQUAL_ENERGY, rtol=0, atol=_SAME):
        return None
    return rgb_to_xyz(chromaticities).sum(axis=1)


def adaptation(source: Values, target: Values) -> Values:
    """The 3 x 3 matrix on XYZ that makes the white `source` the white `target` (linear Bradford, ICC.1 Annex E)."""
    gains = (_BRADFORD @ target) / (_BRADFORD @ source)
    result: Values = np.linalg.solve(_BRADFORD, np.diag(gains) @ _BRADFORD)
    return result


def conversion(source: Chromaticities, target: Chromaticities) -> Values:
    """The 3 x 3 matrix from linear RGB of one colour space to that of another.

    White stays white (`adaptation`), unless one of the two holds tristimulus values, see `adopted_white`: these are the
    same whatever is white.

    >>> conversion(BT2020.chromaticities, BT709.chromaticities)[0].round(4).tolist()  # as in ITU-R BT.2407
    [1.6605, -0.5876, -0.0728]
    """
    there, back = rgb_to_xyz(source), rgb_to_xyz(target)
    whites = adopted_white(source), adopted_white(target)
    adapted = there if whites[0] is None or whites[1] is None else adaptation(whites[0], whites[1]) @ there
    result: Values = np.linalg.solve(back, adapted)
    return result


def converted(pixels: Values, source: Chromaticities, target: Chromaticities) -> Values:
    """Linear (H, W, 3) pixels in the colours of another space, float32; the same array where the spaces are the same.

    Colours that the target cannot hold come out with negative values, which lose nothing.
    """
    if same_colours(source, target):
        return pixels
    matrix = conversion(source, target).T.astype(np.float32)
    return by_rows(lambda rows: rows.astype(np.float32, copy=False) @ matrix, pixels, np.float32)


PQ_PEAK = 10_000.0
"""cd/m2 that the PQ signal 1 stands for."""
REFERENCE_WHITE = 203.0
"""cd/m2 of diffuse white in an HDR picture (ITU-R BT.2408): what radiance 1 is shown as."""
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def pq_encoded(luminance: Values) -> Values:
    """PQ signal in [0, 1] of a luminance in cd/m2, clipped to [0, 10000] (SMPTE ST 2084, ITU-R BT.2100 table 4).

    E = ((c1 + c2 Y^m1) / (1 + c3 Y^m1))^m2 with Y = luminance / 10000.

    >>> round(float(pq_encoded(np.array(203.0))), 4)
    0.5807
    """
    powered = np.clip(luminance / PQ_PEAK, 0, 1) ** _M1
    result: Values = ((_C1 + _C2 * powered) / (1 + _C3 * powered)) ** _M2
    return result


def pq_decoded(signal: Values) -> Values:
    """The luminance in cd/m2 of a PQ signal in [0, 1]: the inverse of `pq_encoded`.

    >>> round(float(pq_decoded(np.array(0.5))), 2)
    92.25
    """
    root = np.clip(signal, 0, 1) ** (1 / _M2)
    result: Values = PQ_PEAK * (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)
    return result


def srgb_encoded(linear: Values) -> Values:
    """Display values of linear ones in [0, 1] (IEC 61966-2-1): 12.92 x, and 1.055 x^(1/2.4) - 0.055 above 0.0031308.

    >>> round(float(srgb_encoded(np.array(0.18))), 4)
    0.4614
    """
    clipped = np.clip(linear, 0, 1)
    result: Values = np.where(clipped <= 0.0031308, 12.92 * clipped, 1.055 * clipped ** (1 / 2.4) - 0.055)
    return result


def srgb_decoded(display: Values) -> Values:
    """Linear values in [0, 1] of display ones: the inverse of `srgb_encoded`.

    >>> round(float(srgb_decoded(np.array(0.5))), 4)
    0.214
    """
    clipped = np.clip(display, 0, 1)
    result: Values = np.where(clipped <= 0.04045, clipped / 12.92, ((clipped + 0.055) / 1.055) ** 2.4)
    return result

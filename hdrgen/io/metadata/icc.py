"""Colour profiles (ICC.1:2022) of displays that three primaries and one curve describe.

Read through LittleCMS. Written here: LittleCMS makes profiles of sRGB, XYZ and Lab only through Pillow.
"""

import struct
from io import BytesIO

import numpy as np

from hdrgen.io.colour import (
    Chromaticities,
    Values,
    adaptation,
    adopted_white,
    named_like,
    rgb_to_xyz,
    usable_chromaticities,
)

_D50 = np.array([0.9642, 1.0, 0.8249])  # the white of every profile, ICC.1:2022 section 7.2.16
_D65_XY = (0.3127, 0.3290)
_HEADER = 128
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # g a b c d of parametric curve 3
_PRIMARIES = (b"rXYZ", b"gXYZ", b"bXYZ")


def display_profile(chromaticities: Chromaticities, *, linear: bool = False, name: str = "") -> bytes:
    """A profile of version 4.4 with these primaries and the sRGB curve, or none for linear values.

    Colorants are adapted to D50 with the Bradford matrix, which the tag `chad` keeps: from the white of the colours, or
    from D65 for tristimulus values (see `hdrgen.io.colour.adopted_white`).
    """
    to_xyz, white = rgb_to_xyz(chromaticities), adopted_white(chromaticities)
    adapt = adaptation(_xyz_of(_D65_XY) if white is None else white, _D50)
    colorants = adapt @ to_xyz
    curve = b"curv" + bytes(8) if linear else b"para" + bytes(4) + struct.pack(">HH", 3, 0) + _fixed(*_SRGB_CURVE)
    tags = {b"desc": _text(name or "RGB"), b"cprt": _text("CC0"), b"wtpt": _xyz(_D50)}
    tags |= {tag: _xyz(column) for tag, column in zip(_PRIMARIES, colorants.T, strict=True)}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    tags[b"chad"] = b"sf32" + bytes(4) + _fixed(*adapt.ravel())
    return _assembled(tags)


def chromaticities_of(content: bytes) -> tuple[float, ...] | None:
    """x, y of red, green, blue and white that an RGB profile with three colorants means; None of any other.

    The adaptation to D50 is undone by `chad`; without it the white was D65, as in profiles of version 2.
    """
    from PIL.ImageCms import ImageCmsProfile

    try:
        profile = ImageCmsProfile(BytesIO(content)).profile
        colorants = (profile.red_colorant, profile.green_colorant, profile.blue_colorant)
        is_rgb, chad = profile.xcolor_space.strip() == "RGB", profile.chromatic_adaptation
    except (OSError, UnicodeDecodeError):  # damaged: what the rest says of colours is not to be trusted, either
        return None
    xyz = np.array([colorant[0] for colorant in colorants if colorant]).T
    if not is_rgb or xyz.shape != (3, 3):
        return None
    adapt = np.array(chad[0]) if chad else adaptation(_xyz_of(_D65_XY), _D50)
    return _chromaticities(xyz, adapt)


def _chromaticities(colorants: Values, adapt: Values) -> tuple[float, ...] | None:
    try:
        primaries = np.linalg.solve(adapt, colorants)
    except np.linalg.LinAlgError:
        return None
    xyz = np.concatenate([primaries, primaries.sum(axis=1, keepdims=True)], axis=1)
    total = xyz.sum(axis=0)
    if not (np.isfinite(xyz).all() and (total > 0).all() and abs(np.linalg.det(colorants)) > 1e-6):
        return None
    rounded = usable_chromaticities((xyz[:2] / total).T.ravel().round(4))
    known = named_like(rounded) if rounded else None
    return known.chromaticities if known else rounded


def _xyz_of(xy: tuple[float, float]) -> Values:
    x, y = xy
    return np.array([x / y, 1, (1 - x - y) / y])


def _fixed(*numbers: float) -> bytes:
    """s15Fixed16Number: in units of 1/65536."""
    return struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def _xyz(values: Values) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(*values)


def _text(text: str) -> bytes:
    """One record of a multi-localised text."""
    encoded = text.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">II4sII", 1, 12, b"enUS", len(encoded), 28) + encoded


def _assembled(tags: dict[bytes, bytes]) -> bytes:
    at = _HEADER + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, content in tags.items():
        table += struct.pack(">4sII", tag, at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s", at + len(body), bytes(4), 0x04400000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp")  # a fixed date: equal images are equal files
    header = header.ljust(68, b"\0") + _fixed(*_D50)
    return header.ljust(_HEADER, b"\0") + table + body

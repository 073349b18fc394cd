"""Colour profiles (ICC.1:2022) of displays that three primaries and one curve describe.

Read through LittleCMS. Written here: LittleCMS makes profiles of sRGB, XYZ and Lab only through Pillow.
"""

import struct
from io import BytesIO
from typing import Any

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
from hdrgen.io.metadata.cicp import LINEAR, UNSPECIFIED, Cicp

_D50 = np.array([0.9642, 1.0, 0.8249])  # the white of every profile, ICC.1:2022 section 7.2.16
_D65_XY = (0.3127, 0.3290)
_HEADER = 128
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)  # g a b c d of parametric curve 3
_TABLE, _ENTRY, _MOST_TAGS = 132, 12, 200
_CURVES = (b"rTRC", b"gTRC", b"bTRC")
_PRIMARY = 160  # level of one that is looked up: brighter ones leave the range of Lab in 8 bits
_STRAIGHT = 2e-3  # how far from a straight line a curve is that counts as linear
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
    tags |= dict.fromkeys(_CURVES, curve)
    tags[b"chad"] = b"sf32" + bytes(4) + _fixed(*adapt.ravel())
    return _assembled(tags)


def chromaticities_of(content: bytes) -> tuple[float, ...] | None:
    """x, y of red, green, blue and white that an RGB profile means; None of any other.

    Those of its three colorants, or, where a profile has tables instead, as of scanners and cameras, of the colours
    that LittleCMS finds in them, to two decimals. The adaptation to D50 is undone by `chad`; without it the white was
    D65, as in profiles of version 2.
    """
    from PIL.ImageCms import ImageCmsProfile

    try:
        profile = ImageCmsProfile(BytesIO(content)).profile
        colorants = (profile.red_colorant, profile.green_colorant, profile.blue_colorant)
        is_rgb, chad = profile.xcolor_space.strip() == "RGB", profile.chromatic_adaptation
    except (OSError, UnicodeDecodeError):  # damaged: what the rest says of colours is not to be trusted, either
        return None
    if not is_rgb:
        return None
    xyz: Values | None = np.array([colorant[0] for colorant in colorants if colorant]).T
    if xyz is None or xyz.shape != (3, 3):
        xyz = _looked_up(content)
    if xyz is None:
        return None
    adapt = np.array(chad[0]) if chad else adaptation(_xyz_of(_D65_XY), _D50)
    return _chromaticities(xyz, adapt)


def curve_of(content: bytes) -> Cicp | None:
    """Primaries and curve that an RGB profile says by the numbers of H.273, or its linear curves do; else None.

    The tag `cicp` (ICC.1:2022, 9.2.17) is that of pictures for HDR screens.
    """
    numbers = _tag(content, b"cicp")
    if numbers[:4] == b"cicp" and len(numbers) >= 12:
        return Cicp(numbers[8], numbers[9])
    gamma = gamma_of(content)
    return Cicp(UNSPECIFIED, LINEAR) if gamma is not None and abs(gamma - 1) < _STRAIGHT else None


def gamma_of(content: bytes) -> float | None:
    """The power by which a profile makes light of values, where its three curves are that and nothing else."""
    powers = {_power(_tag(content, name)) for name in _CURVES}
    return powers.pop() if len(powers) == 1 else None


def _power(curve: bytes) -> float | None:
    """The exponent of a curve (ICC.1:2022, 10.6 and 10.18), 1 also of a table in a straight line; None of others."""
    kind, count = curve[:4], int.from_bytes(curve[8:12], "big")
    if kind == b"para" and len(curve) >= 16:
        return int.from_bytes(curve[12:16], "big", signed=True) / 65536 if curve[8:10] == bytes(2) else None
    if kind != b"curv" or len(curve) < 12 + 2 * count:
        return None
    points = np.frombuffer(curve, ">u2", count, 12)
    if count == 1:
        return int(points[0]) / 256
    straight = count == 0 or np.abs(points / 65535 - np.linspace(0, 1, count)).max() < _STRAIGHT
    return 1.0 if straight else None


def _tag(content: bytes, name: bytes) -> bytes:
    """The content of a tag from where it starts; empty where there is none."""
    count = min(int.from_bytes(content[_HEADER:_TABLE], "big"), _MOST_TAGS)
    for at in range(_TABLE, _TABLE + _ENTRY * count, _ENTRY):
        if content[at : at + 4] == name:
            start, length = struct.unpack(">II", content[at + 4 : at + _ENTRY].ljust(8, b"\0"))
            return content[start : start + length]
    return b""


def _looked_up(content: bytes) -> Values | None:
    """XYZ of the primaries under D50, in columns that add up to white, by the tables of a profile."""
    from PIL import Image, ImageCms

    primaries = Image.fromarray(np.diag([_PRIMARY] * 3).astype(np.uint8)[None])
    try:
        lab = ImageCms.createProfile("LAB")
        shown: Any = ImageCms.profileToProfile(primaries, BytesIO(content), lab, outputMode="LAB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
    levels = np.asarray(shown)[0]
    lightness, tints = levels[:, 0] * (100 / 255), levels[:, 1:].view(np.int8).astype(np.float64)
    middle = (lightness + 16) / 116
    roots = np.stack([middle + tints[:, 0] / 500, middle, middle - tints[:, 1] / 200])
    xyz = np.where(roots > 6 / 29, roots**3, (roots - 4 / 29) * (3 * (6 / 29) ** 2)) * _D50[:, None]
    if not (xyz.sum(axis=0) > 0).all():
        return None
    found = usable_chromaticities([*(xyz[:2] / xyz.sum(axis=0)).T.ravel(), *(_D50[:2] / _D50.sum())])
    return None if found is None else rgb_to_xyz(found)


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

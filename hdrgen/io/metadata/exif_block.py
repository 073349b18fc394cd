"""EXIF as a block of bytes, for the formats whose writers and readers leave it to others."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from fractions import Fraction

from hdrgen.io.exposure import Camera, Exposure

PREFIX = b"Exif\0\0"
"""Before the block in JPEG files."""
INTEROPERABLE = "InteroperabilityIndex"
"""Of `metadata_in`: R98 in sRGB photographs, R03 in those in Adobe RGB."""
_LARGEST_DENOMINATOR = 1_000_000
_MOST_ENTRIES = 200
_LONGEST_TEXT = 256


class ExifTag(IntEnum):
    """Numbers of EXIF tags."""

    MAKE = 0x010F
    MODEL = 0x0110
    ORIENTATION = 0x0112
    FOLDER = 0x8769
    TIME = 0x829A
    FNUMBER = 0x829D
    ISO = 0x8827
    SHUTTER_SPEED = 0x9201
    APERTURE = 0x9202
    INTEROPERABILITY = 0xA005


_NAMES = {
    ExifTag.MAKE: "Make",
    ExifTag.MODEL: "Model",
    ExifTag.ORIENTATION: "Orientation",
    ExifTag.TIME: "ExposureTime",
    ExifTag.FNUMBER: "FNumber",
    ExifTag.ISO: "Exif:PhotographicSensitivity",
    ExifTag.SHUTTER_SPEED: "Exif:ShutterSpeedValue",
    ExifTag.APERTURE: "Exif:ApertureValue",
}
"""As OpenImageIO calls them."""


def exif_block(exposure: Exposure, camera: Camera | None = None) -> bytes:
    """Time, f-number, ISO and camera as a TIFF block (without `PREFIX`); empty where nothing is known."""
    from PIL.Image import Exif
    from PIL.TiffImagePlugin import IFDRational

    exif = Exif()
    tags = exif.get_ifd(ExifTag.FOLDER)
    for tag, value in ((ExifTag.TIME, exposure.time), (ExifTag.FNUMBER, exposure.fnumber)):
        if value is not None:
            tags[tag] = IFDRational(rational(value))
    if exposure.iso is not None:
        tags[ExifTag.ISO] = round(exposure.iso)
    for tag, text in ((ExifTag.MAKE, camera.make if camera else ""), (ExifTag.MODEL, camera.model if camera else "")):
        if text:
            exif[tag] = text
    return exif.tobytes().removeprefix(PREFIX) if tags or camera else b""


def rational(value: float) -> Fraction:
    """The simplest fraction that is as good as the number.

    >>> rational(0.016666668)
    Fraction(1, 60)
    """
    return Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)


def metadata_in(block: bytes) -> dict[str, object]:
    """The tags of a TIFF block that concern exposure, camera, colours and orientation, by OpenImageIO's names.

    Whatever is damaged counts as missing.

    >>> metadata_in(exif_block(Exposure(time=0.25, iso=100)))
    {'ExposureTime': 0.25, 'Exif:PhotographicSensitivity': 100.0}
    """
    block = block.removeprefix(PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return {}
    found: dict[str, object] = {}
    folders = [*struct.unpack(order + "I", block[4:8])]
    for tag, value in _entries(block, folders[0], order):
        if tag == ExifTag.FOLDER and isinstance(value, float):
            folders.append(int(value))
        found |= _named(tag, value)
    for folder in folders[1:2]:
        for tag, value in _entries(block, folder, order):
            found |= _named(tag, value)
            if tag == ExifTag.INTEROPERABILITY and isinstance(value, float):
                found |= {INTEROPERABLE: dict(_entries(block, int(value), order)).get(1)}
    return found


def _named(tag: int, value: object) -> dict[str, object]:
    known = {int(number): name for number, name in _NAMES.items()}
    return {known[tag]: value} if tag in known and value is not None else {}


def _entries(block: bytes, start: int, order: str) -> Iterator[tuple[int, object]]:
    """Tag and first value of the entries of a directory."""
    count = min(int.from_bytes(block[start : start + 2], "little" if order == "<" else "big"), _MOST_ENTRIES)
    table = block[start + 2 : start + 2 + 12 * count]
    for at in range(0, len(table) - 11, 12):
        tag, kind, number = struct.unpack(order + "HHI", table[at : at + 8])
        yield tag, _value(block, table[at + 8 : at + 12], kind, number, order)


def _value(block: bytes, field: bytes, kind: int, count: int, order: str) -> object:
    offset = int(struct.unpack(order + "I", field)[0])
    if kind == 2:
        content = field[:count] if count <= 4 else block[offset : offset + min(count, _LONGEST_TEXT)]
        return content.partition(b"\0")[0].decode("utf-8", errors="replace")
    if kind in (3, 4):
        return float(struct.unpack(order + "H", field[:2])[0] if kind == 3 else offset)
    if kind in (5, 10):
        return _rational(block[offset : offset + 8], order + ("II" if kind == 5 else "ii"))
    return None


def _rational(content: bytes, layout: str) -> float | None:
    if len(content) < 8:
        return None
    numerator, denominator = struct.unpack(layout, content)
    return numerator / denominator if denominator else float("nan")

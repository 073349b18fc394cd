"""EXIF as a block of bytes, for the formats whose writers and readers leave it to others."""

import math
from enum import IntEnum
from fractions import Fraction
from io import BytesIO

from hdrgen.io.containers.tiff_directories import BYTE_ORDERS, TEXT, WHOLE_NUMBERS, TiffDirectory, TiffEntry, TiffReader
from hdrgen.io.exposure import Camera, Exposure

PREFIX = b"Exif\0\0"
"""Before the block in JPEG files."""
INTEROPERABLE = "InteroperabilityIndex"
"""Of `metadata_in`: R98 in sRGB photographs, R03 in those in Adobe RGB."""
_LARGEST_DENOMINATOR = 1_000_000
_LONGEST_TEXT = 256
_INDEX = 1  # the tag of the interoperability directory that has its name


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
    order = BYTE_ORDERS.get(block[:4])
    if order is None:
        return {}
    reader = TiffReader(BytesIO(block), order)
    main = reader.first()
    photograph = _directory_in(reader, main, ExifTag.FOLDER)
    interoperability = _directory_in(reader, photograph, ExifTag.INTEROPERABILITY)
    tags = _named(reader, main) | _named(reader, photograph)
    if ExifTag.INTEROPERABILITY in photograph.entries:
        index = interoperability.entries.get(_INDEX)
        tags[INTEROPERABLE] = None if index is None else _value(reader, index)
    return tags


def _directory_in(reader: TiffReader, directory: TiffDirectory, tag: ExifTag) -> TiffDirectory:
    """The directory whose place an entry gives; empty without that entry."""
    entry = directory.entries.get(tag)
    place = reader.numbers(entry, 1) if entry and entry.kind in WHOLE_NUMBERS else ()
    return reader.directory(place[0]) if place else TiffDirectory({}, 0)


def _named(reader: TiffReader, directory: TiffDirectory) -> dict[str, object]:
    values = {name: _value(reader, directory.entries[tag]) for tag, name in _NAMES.items() if tag in directory.entries}
    return {name: value for name, value in values.items() if value is not None}


def _value(reader: TiffReader, entry: TiffEntry) -> object:
    """Text, or the first number: NaN where its denominator is 0, None where it is missing or of another type."""
    if entry.kind == TEXT:
        text = reader.content(entry, _LONGEST_TEXT)
        return text.partition(b"\0")[0].decode("utf-8", errors="replace")
    numerator, *denominator = reader.numbers(entry, 1) or (None,)
    if numerator is None or not denominator:
        return None if numerator is None else float(numerator)
    return numerator / denominator[0] if denominator[0] else math.nan

"""EXIF as a block of bytes, for the formats whose writers and readers leave it to others."""

import math
from dataclasses import replace
from enum import IntEnum
from fractions import Fraction
from io import BytesIO
from typing import BinaryIO

from hdrgen.io.containers.tiff_directories import BYTE_ORDERS, TEXT, WHOLE_NUMBERS, TiffDirectory, TiffEntry, TiffReader
from hdrgen.io.exposure import Camera, Exposure

PREFIX = b"Exif\0\0"
"""Before the block in JPEG files."""
INTEROPERABLE = "InteroperabilityIndex"
"""Of `metadata_in`: R98 in sRGB photographs, R03 in those in Adobe RGB."""
_FULL_ISO, _ISO_SPEED = 0xFFFF, 3
LARGEST = 2**32 - 1
"""Of a number in EXIF."""
_LARGEST_ISO = 2**31 - 1  # OpenImageIO takes it with a sign
_LARGEST_DENOMINATOR = 1_000_000
_SHORT = 1e-4  # seconds, below which that is too coarse
_LONGEST_TEXT = 256
_INDEX = 1  # the tag of the interoperability directory that has its name


class ExifTag(IntEnum):
    """Numbers of EXIF tags."""

    MAKE = 0x010F
    MODEL = 0x0110
    ORIENTATION = 0x0112
    SOFTWARE = 0x0131
    CHANGED = 0x0132
    FOLDER = 0x8769
    TIME = 0x829A
    FNUMBER = 0x829D
    ISO = 0x8827
    SENSITIVITY_TYPE = 0x8830
    RECOMMENDED_ISO = 0x8832
    HIGH_ISO = 0x8833
    TAKEN = 0x9003
    SHUTTER_SPEED = 0x9201
    APERTURE = 0x9202
    SUBSECOND_CHANGED = 0x9290
    SUBSECOND_TAKEN = 0x9291
    INTEROPERABILITY = 0xA005
    FOCAL_LENGTH = 0x920A
    EXPOSURE_MODE = 0xA402
    LENS = 0xA434


_NAMES = {
    ExifTag.MAKE: "Make",
    ExifTag.MODEL: "Model",
    ExifTag.ORIENTATION: "Orientation",
    ExifTag.SOFTWARE: "Software",
    ExifTag.CHANGED: "DateTime",
    ExifTag.TAKEN: "Exif:DateTimeOriginal",
    ExifTag.SUBSECOND_CHANGED: "Exif:SubsecTime",
    ExifTag.SUBSECOND_TAKEN: "Exif:SubsecTimeOriginal",
    ExifTag.EXPOSURE_MODE: "Exif:ExposureMode",
    ExifTag.FOCAL_LENGTH: "Exif:FocalLength",
    ExifTag.LENS: "Exif:LensModel",
    ExifTag.TIME: "ExposureTime",
    ExifTag.FNUMBER: "FNumber",
    ExifTag.ISO: "Exif:PhotographicSensitivity",
    ExifTag.RECOMMENDED_ISO: "Exif:RecommendedExposureIndex",
    ExifTag.HIGH_ISO: "Exif:ISOSpeed",
    ExifTag.SHUTTER_SPEED: "Exif:ShutterSpeedValue",
    ExifTag.APERTURE: "Exif:ApertureValue",
}
"""As OpenImageIO calls them."""


def exif_block(exposure: Exposure, camera: Camera | None = None, software: str = "") -> bytes:
    """Time, f-number, ISO, camera and software as a TIFF block (without `PREFIX`); empty where nothing is known.

    What EXIF cannot hold is left out: see `in_exif`.
    """
    from PIL.Image import Exif
    from PIL.TiffImagePlugin import IFDRational

    exposure, exif = in_exif(exposure), Exif()
    tags = exif.get_ifd(ExifTag.FOLDER)
    for tag, value in ((ExifTag.TIME, exposure.time), (ExifTag.FNUMBER, exposure.fnumber)):
        if value is not None:
            tags[tag] = IFDRational(rational(value))
    if exposure.iso is not None:
        tags.update(iso_tags(exposure.iso))
    make, model = (camera.make, camera.model) if camera else ("", "")
    for tag, text in ((ExifTag.MAKE, make), (ExifTag.MODEL, model), (ExifTag.SOFTWARE, software)):
        if text:
            exif[tag] = text
    return exif.tobytes().removeprefix(PREFIX) if tags or camera or software else b""


def iso_tags(iso: float) -> dict[int, int]:
    """ISO by tag: the old one has 16 bits, of which the largest number says that another tag has the true one.

    >>> iso_tags(102400)
    {34855: 65535, 34864: 3, 34867: 102400}
    """
    if iso <= _FULL_ISO:
        return {int(ExifTag.ISO): round(iso)}
    return {int(ExifTag.ISO): _FULL_ISO, int(ExifTag.SENSITIVITY_TYPE): _ISO_SPEED, int(ExifTag.HIGH_ISO): round(iso)}


def in_exif(exposure: Exposure) -> Exposure:
    """What EXIF can hold of an exposure: numbers of 32 bits; whatever is too large or too small becomes unknown.

    >>> in_exif(Exposure(time=1e-7, fnumber=1e12, iso=102400))
    Exposure(time=1e-07, fnumber=None, iso=102400, ev=None)
    """
    iso = exposure.iso if exposure.iso is not None and 1 <= round(exposure.iso) <= _LARGEST_ISO else None
    return replace(exposure, time=_held(exposure.time), fnumber=_held(exposure.fnumber), iso=iso)


def _held(value: float | None) -> float | None:
    return value if value is not None and 0 < rational(value) <= LARGEST else None


def rational(value: float) -> Fraction:
    """The simplest fraction of 32-bit numbers that is as good as the number; 0 or a larger one where there is none.

    >>> rational(0.016666668), rational(1e-7)
    (Fraction(1, 60), Fraction(1, 10000000))
    """
    most = _LARGEST_DENOMINATOR if value >= _SHORT else LARGEST
    return Fraction(value).limit_denominator(max(1, min(most, int(LARGEST / max(value, 1)))))


def metadata_in(block: bytes) -> dict[str, object]:
    """The tags of a TIFF block that concern exposure, time, camera, colours and orientation, by OpenImageIO's names.

    Whatever is damaged counts as missing.

    >>> metadata_in(exif_block(Exposure(time=0.25, iso=100)))
    {'ExposureTime': 0.25, 'Exif:PhotographicSensitivity': 100.0}
    """
    return metadata_in_stream(BytesIO(block.removeprefix(PREFIX)))


def metadata_in_stream(stream: BinaryIO) -> dict[str, object]:
    """The same of a block, or a whole file, that lies in a stream from its first byte on."""
    order = BYTE_ORDERS.get(stream.read(4))
    if order is None:
        return {}
    reader = TiffReader(stream, order)
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

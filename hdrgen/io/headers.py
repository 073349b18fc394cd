"""What a file says about itself before any pixel is decoded."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdrgen.errors import InputError
from hdrgen.io.codecs import avif, jpeg_picture, jpeg_xl
from hdrgen.io.codecs.channels import choose_channels
from hdrgen.io.codecs.raw import read_raw_header
from hdrgen.io.codecs.ultra_hdr import may_hold_gain_map
from hdrgen.io.containers.jpeg_markers import claimed_size
from hdrgen.io.exposure import Exposure
from hdrgen.io.formats import Format, detect
from hdrgen.io.metadata.exif import Reading, exposure_from, metadata_of
from hdrgen.io.stderr import quiet_stderr

_LARGE_TILE = 4096**2
_FIRST_SIDEWAYS = 5  # EXIF orientations 5 to 8 turn the image by a quarter


@dataclass(frozen=True)
class Header:
    """What is known of an image file without decoding it.

    Attributes:
        path: the file.
        format: by content.
        width: in pixels, of the upright image.
        height: in pixels, of the upright image.
        reading: the exposure of the file's own metadata, and the tags that could not be used.
    """

    path: Path
    format: Format
    width: int
    height: int
    reading: Reading


def read_header(path: str | Path) -> Header:
    """Size and exposure of an image file; no pixels are decoded.

    Raises:
        InputError: no image file, a header that cannot be read, or a channel count that `read_image` refuses.
    """
    path = Path(path)
    kind = detect(path)
    if kind is Format.RAW:
        return Header(path, kind, *read_raw_header(path))
    if kind in (Format.AVIF, Format.JPEG_XL) or (kind is Format.JPEG and may_hold_gain_map(path)):
        return header_without_openimageio(path, kind)
    with opened(path, kind) as reader:
        choose_channels(reader, path, kind)
        return header_of(reader.spec(), path, kind)


def header_without_openimageio(path: Path, kind: Format) -> Header:
    """Where that would decode pixels to tell the size: those of AVIF, JPEG XL, and JPEG with a gain map."""
    found: avif.Summary | jpeg_xl.Summary | jpeg_picture.Summary
    sideways = False
    if kind is Format.AVIF:
        found = avif.summary(path)
        sideways = bool(found.turns % 2)
    elif kind is Format.JPEG_XL:
        found = jpeg_xl.summary(path)
    else:
        found = jpeg_picture.summary(path)
        sideways = orientation_in(found.metadata) >= _FIRST_SIDEWAYS
    size = (found.height, found.width) if sideways else (found.width, found.height)
    return Header(path, kind, *size, exposure_from(found.metadata))


def read_exposure(path: str | Path) -> Exposure:
    """The exposure that a file's own metadata gives (EXIF, OpenEXR attributes, RAW), from its header alone.

    Warns:
        UserWarning: a tag is there but unreadable (0/0, zero, not a number); it counts as missing.

    Raises:
        InputError: no image file, or a header that cannot be read.
    """
    header = read_header(path)
    if header.reading.unreadable:
        warnings.warn(f"{path}: {unreadable_note(header.reading)}", stacklevel=2)
    return header.reading.exposure


def unreadable_note(reading: Reading) -> str:
    """The tags that could not be used, in words."""
    return f"{'; '.join(reading.unreadable)}; treated as missing"


def check_size(path: Path, width: int, height: int, limit: float) -> None:
    """Refuse an image before memory is taken for it.

    Raises:
        InputError: more than `limit` megapixels.
    """
    megapixels = width * height / 1e6
    if megapixels > limit:
        size = f"{width} x {height} ({megapixels:.4g} megapixels)"
        raise InputError(
            f"{path}: expected at most {limit:g} megapixels, found {size}; raise max_megapixels if that is right"
        )


def check_tiles(path: Path, spec: Any, limit: float) -> None:
    """Refuse tiles for which memory is taken as a whole, however small the image in them.

    Raises:
        InputError: tiles of more than `limit` megapixels, or far larger than the image.
    """
    area = spec.tile_width * spec.tile_height
    if area > min(limit * 1e6, max(_LARGE_TILE, 4 * spec.width * spec.height)):
        tiles = f"tiles of {spec.tile_width} x {spec.tile_height} in an image of {spec.width} x {spec.height}"
        raise InputError(f"{path}: corrupt, or of another use than pictures: {tiles}")


@contextmanager
def opened(path: Path, kind: Format, max_megapixels: float = math.inf) -> Iterator[Any]:
    """An OpenImageIO reader positioned at the first image of the file.

    Where opening alone takes memory for the whole picture, its size is checked before.

    Raises:
        InputError: the header cannot be read, or claims too much.
    """
    import OpenImageIO as oiio

    if kind is Format.JPEG and (size := claimed_size(path)):
        check_size(path, *size, max_megapixels)
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)  # else colours come back multiplied by their alpha
    try:
        with quiet_stderr:
            reader = oiio.ImageInput.open(str(path), config)
        if reader is None:
            raise unread(path, f"{kind.name} header", oiio.geterror())
        with closing(reader), _errors_read(reader):
            if reader.format_name() != kind.value:
                raise InputError(f"{path}: corrupt, begins like {kind.name} but reads as {reader.format_name()}")
            yield reader
    except UnicodeError as error:
        raise InputError(f"{path}: corrupt {kind.name} header (text that is not UTF-8)") from error


@contextmanager
def _errors_read(reader: Any) -> Iterator[None]:
    """An error left unread would be printed when the reader goes."""
    try:
        yield
    finally:
        with suppress(UnicodeError):
            reader.geterror()


def unread(path: Path, part: str, message: str) -> InputError:
    """The error to raise where OpenImageIO gave up on a part of a file, with what it said about it."""
    told = reason(message, path)
    if re.search("not (supported|configured)", told):
        return InputError(f"{path}: this variant of {part} is not read here ({told}); convert the file")
    return InputError(f"{path}: truncated or corrupt {part} ({told})")


def reason(message: str, path: Path) -> str:
    """The first line of a library's message, without the file name that our own message already gives."""
    lines = message.strip().splitlines()
    return lines[0].replace(f' ("{path}")', "").replace(f"({path}): ", "") if lines else "no reason given"


def header_of(spec: Any, path: Path, kind: Format) -> Header:
    """The header that an OpenImageIO spec describes."""
    size = (spec.width, spec.height)
    width, height = size[::-1] if orientation_of(spec) >= _FIRST_SIDEWAYS else size
    return Header(path, kind, width, height, exposure_from(metadata_of(spec)))


def orientation_of(spec: Any) -> int:
    """The EXIF orientation 1 to 8; anything else counts as upright."""
    return orientation_in({"Orientation": spec.get_int_attribute("Orientation", 1)})


def orientation_in(metadata: Mapping[str, object]) -> int:
    """The same, of tags by OpenImageIO's names."""
    value = metadata.get("Orientation")
    return int(value) if isinstance(value, (int, float)) and 1 <= value <= 8 else 1

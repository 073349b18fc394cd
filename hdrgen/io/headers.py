"""What a file says about itself before any pixel is decoded."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdrgen.errors import InputError
from hdrgen.io.exif import Reading, exposure_from
from hdrgen.io.exposure import Exposure
from hdrgen.io.formats import Format, detect
from hdrgen.io.raw import read_raw_header

_SIDEWAYS = 5  # EXIF orientations 5 to 8 turn the image by a quarter


@dataclass(frozen=True)
class Header:
    """Size (upright, in pixels), exposure and the tags that could not be used."""

    path: Path
    format: Format
    width: int
    height: int
    reading: Reading


@contextmanager
def opened(path: Path, kind: Format) -> Iterator[Any]:
    """An OpenImageIO reader positioned at the first image of the file.

    Raises:
        InputError: the header cannot be read.
    """
    import OpenImageIO as oiio

    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)  # else colours come back multiplied by their alpha
    reader = oiio.ImageInput.open(str(path), config)
    if reader is None:
        raise InputError(f"{path}: truncated or corrupt {kind.name} header ({one_line(oiio.geterror())})")
    try:
        if reader.format_name() != kind.value:
            raise InputError(
                f"{path}: begins like {kind.name} but reads as {reader.format_name()}; the file is corrupt"
            )
        yield reader
    finally:
        reader.geterror()  # an error left unread would be printed when the reader goes
        reader.close()


def one_line(message: str) -> str:
    """The first line of a library's message, without the file name that our own message already gives."""
    lines = message.strip().splitlines()
    return lines[0].split(' ("/')[0] if lines else "no reason given"


def metadata_of(spec: Any) -> dict[str, object]:
    """The attributes of an image as a plain dictionary."""
    return {attribute.name: attribute.value for attribute in spec.extra_attribs}


def orientation_of(spec: Any) -> int:
    """The EXIF orientation 1 to 8; anything else counts as upright."""
    value = spec.get_int_attribute("Orientation", 1)
    return value if 1 <= value <= 8 else 1


def upright_size(spec: Any) -> tuple[int, int]:
    """Width and height after the orientation is applied."""
    size = (spec.width, spec.height)
    return size[::-1] if orientation_of(spec) >= _SIDEWAYS else size


def read_header(path: str | Path) -> Header:
    """Size and exposure of an image file; no pixels are decoded.

    Raises:
        InputError: no image file, or a header that cannot be read.
    """
    path = Path(path)
    kind = detect(path)
    if kind is Format.RAW:
        return Header(path, kind, *read_raw_header(path))
    with opened(path, kind) as reader:
        spec = reader.spec()
        return Header(path, kind, *upright_size(spec), exposure_from(metadata_of(spec)))


def read_exposure(path: str | Path) -> Exposure:
    """The exposure that a file's own metadata gives (EXIF, OpenEXR attributes, RAW), from its header alone.

    Warns:
        UserWarning: a tag is there but unreadable (0/0, zero, not a number); it counts as missing.

    Raises:
        InputError: no image file, or a header that cannot be read.
    """
    header = read_header(path)
    warn_unreadable(header.path, header.reading)
    return header.reading.exposure


def warn_unreadable(path: Path, reading: Reading) -> None:
    """One warning that names the file and each tag that could not be used."""
    if reading.unreadable:
        warnings.warn(f"{path}: {'; '.join(reading.unreadable)}; treated as missing", stacklevel=3)

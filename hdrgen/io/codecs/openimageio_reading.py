"""Decoding through OpenImageIO, and what it does not check."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import Choice
from hdrgen.io.formats import Format
from hdrgen.io.headers import unread
from hdrgen.io.image import Pixels
from hdrgen.io.stderr import quiet_stderr

_PIXEL_TYPES = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float", "double": "float"}
_WHITE_IS_ZERO = 0  # TIFF's number for it
_ALL_PIXELS_PRESENT = "extraneous bytes before marker 0xd9"  # libjpeg's note on padding that some cameras write


def decode(reader: Any, choice: Choice, path: Path, kind: Format) -> Pixels:
    """The chosen channels as (H, W, 3) in their own number type; double becomes float32.

    Raises:
        InputError: truncated or corrupt, or a number type that is not read.
    """
    if kind is Format.PNG:
        _check_png(path)
    first, last = min(choice.channels), max(choice.channels) + 1
    wanted = _pixel_type(reader.spec(), choice, path)
    with quiet_stderr:
        block = reader.read_image(choice.part, 0, first, last, wanted)
    error = reader.geterror()
    if block is None or (error and _ALL_PIXELS_PRESENT not in error):
        raise unread(path, f"{kind.name} file", error)
    if wanted == "uint16" and reader.spec().get_int_attribute("tiff:PhotometricInterpretation", 1) == _WHITE_IS_ZERO:
        block = np.iinfo(np.uint16).max - block  # OpenImageIO does that for 8 bits only
    planes = [index - first for index in choice.channels]
    planes = planes * 3 if len(planes) == 1 else planes
    result: Pixels = block if planes == list(range(block.shape[-1])) else np.ascontiguousarray(block[..., planes])
    return result


def upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo an EXIF orientation: transpose for 5 to 8, then mirror columns (2, 3, 6, 7) and rows (3, 4, 7, 8)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _pixel_type(spec: Any, choice: Choice, path: Path) -> str:
    types = {str(spec.channelformat(index)) for index in choice.channels}
    unknown = types - _PIXEL_TYPES.keys()
    if unknown:
        shown = ", ".join(sorted(unknown))
        raise InputError(f"{path}: expected 8 or 16-bit unsigned integers or floats, found {shown}; convert it")
    return _PIXEL_TYPES[types.pop()] if len(types) == 1 else "float"


def _check_png(path: Path) -> None:
    """Walk the chunks and their checksums: libpng accepts a file without its end, and some damage."""
    with path.open("rb") as stream:
        stream.seek(8)
        while _check_png_chunk(stream, path) != b"IEND":
            pass


def _check_png_chunk(stream: BinaryIO, path: Path) -> bytes:
    head = stream.read(8)
    length, name = int.from_bytes(head[:4], "big"), head[4:]
    body = stream.read(length + 4)
    if len(name) < 4 or len(body) < length + 4:
        raise InputError(f"{path}: truncated PNG file (it ends within a chunk)")
    if zlib.crc32(body[:-4], zlib.crc32(name)) != int.from_bytes(body[-4:], "big"):
        raise InputError(f"{path}: corrupt PNG file (the checksum of chunk {name!r} is wrong)")
    return name

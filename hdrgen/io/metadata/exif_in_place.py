"""EXIF corrected in files that OpenImageIO wrote: PNG times are rounded to microseconds, TIFF lacks ISO."""

import struct
import zlib
from pathlib import Path
from typing import BinaryIO

from hdrgen.io.containers.tiff_directories import BYTE_ORDERS, ENTRY, LONG, RATIONAL, SHORT, TiffReader
from hdrgen.io.exposure import Exposure
from hdrgen.io.metadata.exif_block import ExifTag, in_exif, iso_tags, rational

_PNG_START, _CHUNK_HEAD = 8, 8
_FIELD = 8  # bytes into an entry, where its value or the place of its values is


def correct_png(path: Path, block: bytes) -> None:
    """Put a TIFF block in place of that of the eXIf chunk, where there is one and it is no shorter."""
    with path.open("r+b") as stream:
        chunk = _exif_chunk(stream)
        if not block or chunk is None or chunk[1] < len(block):
            return
        start, length = chunk
        content = block.ljust(length, b"\0")
        stream.seek(start)
        stream.write(content + zlib.crc32(b"eXIf" + content).to_bytes(4, "big"))


def _exif_chunk(stream: BinaryIO) -> tuple[int, int] | None:
    """Where its content starts, and how long it is."""
    at = _PNG_START
    while True:
        stream.seek(at)
        head = stream.read(_CHUNK_HEAD)
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"eXIf":
            return at + _CHUNK_HEAD, length
        if kind in (b"IDAT", b"IEND", b""):
            return None
        at += _CHUNK_HEAD + length + 4


def complete_tiff(path: Path, exposure: Exposure) -> None:
    """Point a TIFF file that has an EXIF directory to one with time, f-number and ISO, behind everything else.

    BigTIFF files, which only pictures of 4 GB are, are left as they are.
    """
    with path.open("r+b") as stream:
        order = BYTE_ORDERS.get(stream.read(4))
        entry = None if order is None else TiffReader(stream, order).first().entries.get(ExifTag.FOLDER)
        if order is None or entry is None:
            return
        end = stream.seek(0, 2)
        stream.write(b"\0" * (end % 2))  # directories begin at even places
        start = stream.tell()
        stream.write(_directory(in_exif(exposure), start, order))
        stream.seek(entry.place + _FIELD)
        stream.write(struct.pack(order + "I", start))


def _directory(exposure: Exposure, start: int, order: str) -> bytes:
    """A directory that begins at `start`, with its values behind it."""
    fractions = [(ExifTag.TIME, exposure.time), (ExifTag.FNUMBER, exposure.fnumber)]
    known = [(tag, rational(value)) for tag, value in fractions if value is not None]
    sensitivity = {} if exposure.iso is None else iso_tags(exposure.iso)
    count = len(known) + len(sensitivity)
    entries, values = struct.pack(order + "H", count), b""
    place = start + 2 + ENTRY * count + 4
    for tag, value in known:
        entries += struct.pack(order + "HHII", tag, RATIONAL, 1, place + len(values))
        values += struct.pack(order + "II", value.numerator, value.denominator)
    for name, number in sensitivity.items():
        kind, layout = (LONG, "HHII") if name == ExifTag.HIGH_ISO else (SHORT, "HHIHxx")
        entries += struct.pack(order + layout, name, kind, 1, number)
    return entries + bytes(4) + values

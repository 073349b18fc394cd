"""AVIF through libavif (imagecodecs), and the parts of the file that libavif's Python side keeps to itself.

Sizes, colours (CICP) and EXIF are read from the file's boxes (ISO/IEC 23008-12), so headers need no library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.boxes import Box, box, boxes, full_box
from hdrgen.io.cicp import Cicp
from hdrgen.io.exif_block import metadata_in
from hdrgen.io.image import Pixels

_LONGEST_META = 1 << 20
_LONGEST_EXIF = 1 << 16
_MOST_ITEMS = 4096
_FULL = 4  # bytes of version and flags
_SPEED = 8  # of libaom, 0 to 10: half a minute rather than minutes for 24 megapixels
_BT2020_MATRIX = 9


class Summary(NamedTuple):
    """What the boxes say of the primary picture.

    Attributes:
        width: as stored, before `turns` and `mirror`.
        height: likewise.
        bits: of a channel.
        cicp: colours and curve; None where the file does not say.
        turns: quarter turns, anticlockwise, to be made first.
        mirror: 0 exchanges top and bottom, 1 left and right; None neither.
        metadata: EXIF tags by OpenImageIO's names.
    """

    width: int
    height: int
    bits: int
    cicp: Cicp | None
    turns: int
    mirror: int | None
    metadata: dict[str, object]


def encoded(levels: Pixels, cicp: Cicp, quality: int, exif: bytes) -> bytes:
    """10-bit levels (H, W, 3), uint16 up to 1023, as an AVIF file; colour at full resolution (4:4:4).

    Raises:
        InputError: imagecodecs is not installed, or too old.
    """
    codec = _codec()
    colours = {"primaries": cicp.primaries, "transfer": cicp.transfer, "matrix": _BT2020_MATRIX}
    try:
        content: bytes = codec.avif_encode(
            levels, level=quality, speed=_SPEED, bitspersample=10, pixelformat="444", **colours
        )
    except TypeError as error:
        found = f"imagecodecs {codec.__version__} cannot write the colours of AVIF"
        raise InputError(f"{found}; install 2026.3 or newer (Python 3.11 or newer)") from error
    return with_exif(content, exif) if exif else content


def decoded(path: Path, found: Summary) -> Pixels:
    """The levels as stored, upright: (H, W) or (H, W, channels), uint8 or uint16.

    Raises:
        InputError: truncated or corrupt; imagecodecs is not installed.
    """
    codec = _codec()
    try:
        pixels: Pixels = codec.avif_decode(path.read_bytes(), index=0)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise InputError(f"{path}: truncated or corrupt AVIF file ({' '.join(str(error).split())})") from error
    if pixels.shape[:2] != (found.height, found.width):
        raise InputError(f"{path}: corrupt AVIF file (its parts differ in size)")
    pixels = np.rot90(pixels, found.turns)
    mirrored: Pixels = pixels if found.mirror is None else np.flip(pixels, found.mirror)
    return np.ascontiguousarray(mirrored)


def _codec() -> Any:
    try:
        import imagecodecs
    except ImportError as error:
        raise InputError("AVIF needs imagecodecs, which is not installed; pip install 'hdrgen[formats]'") from error
    return imagecodecs


def summary(path: Path) -> Summary:
    """What the boxes say; nothing is decoded.

    Raises:
        InputError: no picture of AV1 in it.
    """
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        meta = next((part for part in boxes(stream, 0, end) if part.kind == b"meta"), None)
        found = None if meta is None else _summary(stream, meta)
    if found is None:
        raise InputError(f"{path}: truncated or corrupt AVIF file (no picture described in it)")
    return found


def _summary(stream: BinaryIO, meta: Box) -> Summary | None:
    parts = _parts(stream, meta)
    held = dict(_properties(stream, parts, _primary(stream, parts)))
    size = held.get(b"ispe", b"")[_FULL : _FULL + 8]
    if len(size) < 8:
        return None
    width, height = struct.unpack(">II", size)
    mirror = _byte(held, b"imir", 0)
    return Summary(
        width,
        height,
        bits=_byte(held, b"pixi", _FULL + 1) or 8,
        cicp=Cicp(*struct.unpack(">HH", held[b"nclx"][:4])) if len(held.get(b"nclx", b"")) >= 4 else None,
        turns=(_byte(held, b"irot", 0) or 0) & 3,
        mirror=None if mirror is None else mirror & 1,
        metadata=_exif(stream, parts),
    )


def _byte(held: dict[bytes, bytes], kind: bytes, at: int) -> int | None:
    content = held.get(kind, b"")
    return content[at] if len(content) > at else None


def _parts(stream: BinaryIO, meta: Box) -> dict[bytes, Box]:
    """The boxes within the one that describes the pictures."""
    return {part.kind: part for part in boxes(stream, meta.start + _FULL, min(meta.end, meta.start + _LONGEST_META))}


def _content(stream: BinaryIO, parts: dict[bytes, Box], kind: bytes) -> bytes:
    return parts[kind].content(stream, _LONGEST_META) if kind in parts else b""


def _primary(stream: BinaryIO, parts: dict[bytes, Box]) -> int:
    """The number of the picture to show."""
    content = _content(stream, parts, b"pitm")
    return int.from_bytes(content[_FULL : _FULL + (4 if content[:1] > b"\0" else 2)], "big")


def _properties(stream: BinaryIO, parts: dict[bytes, Box], item: int) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of what is said of an item; of colours only CICP, under the type `nclx`."""
    if b"iprp" not in parts:
        return
    inner = {part.kind: part for part in boxes(stream, parts[b"iprp"].start, parts[b"iprp"].end)}
    if b"ipco" not in inner:
        return
    known = list(boxes(stream, inner[b"ipco"].start, inner[b"ipco"].end))
    for index in _associations(_content(stream, inner, b"ipma"), item):
        if 0 < index <= len(known):
            kind, content = known[index - 1].kind, known[index - 1].content(stream, 256)
            if kind != b"colr":
                yield kind, content
            elif content[:4] == b"nclx":
                yield b"nclx", content[4:]


def _associations(content: bytes, item: int) -> list[int]:
    """The numbers (from 1) of the properties of an item in an item property association box."""
    reader = _Numbers(content)
    version, wide = reader.take(1), reader.take(3) & 1
    for _ in range(min(reader.take(4), _MOST_ITEMS)):
        number = reader.take(4 if version else 2)
        found = [reader.take(2) & 0x7FFF if wide else reader.take(1) & 0x7F for _ in range(reader.take(1))]
        if number == item:
            return found
    return []


class _Numbers:
    """Big-endian numbers one after another; zeros past the end."""

    def __init__(self, content: bytes) -> None:
        self._stream = BytesIO(content)

    def take(self, size: int) -> int:
        return int.from_bytes(self._stream.read(size), "big")


def _exif(stream: BinaryIO, parts: dict[bytes, Box]) -> dict[str, object]:
    item = _exif_item(stream, parts)
    place = None if item is None else _place(_content(stream, parts, b"iloc"), item)
    if place is None:
        return {}
    stream.seek(place[0])
    block = stream.read(min(place[1], _LONGEST_EXIF))
    return metadata_in(block[4 + int.from_bytes(block[:4], "big") :])


def _exif_item(stream: BinaryIO, parts: dict[bytes, Box]) -> int | None:
    """The number of the item of type Exif, from the item information."""
    if b"iinf" not in parts:
        return None
    start = parts[b"iinf"].start + _FULL + (4 if _content(stream, parts, b"iinf")[:1] > b"\0" else 2)
    for entry in boxes(stream, start, parts[b"iinf"].end):
        reader = _Numbers(entry.content(stream, 32))
        version, _ = reader.take(1), reader.take(3)
        number, _ = reader.take(4 if version > 2 else 2), reader.take(2)
        if reader.take(4).to_bytes(4, "big") == b"Exif":
            return number
    return None


def _place(content: bytes, item: int) -> tuple[int, int] | None:
    """Where an item of a single extent is: offset in the file, and length."""
    reader = _Numbers(content)
    version, _ = reader.take(1), reader.take(3)
    sizes, bases = reader.take(1), reader.take(1)
    for _ in range(min(reader.take(4 if version > 1 else 2), _MOST_ITEMS)):
        number = reader.take(4 if version > 1 else 2)
        method = reader.take(2) & 15 if version else 0
        _, base, extents = reader.take(2), reader.take(bases >> 4), reader.take(2)
        found = [
            (reader.take(bases & 15 if version else 0), reader.take(sizes >> 4), reader.take(sizes & 15))
            for _ in range(min(extents, 16))
        ]
        if number == item:
            return (base + found[0][1], found[0][2]) if method == 0 and len(found) == 1 else None
    return None


def with_exif(content: bytes, block: bytes) -> bytes:
    """A file of one picture, as libavif writes it, with an EXIF item behind it.

    Raises:
        OSError: the file is laid out in another way than libavif 1 does.
    """
    stream = BytesIO(content)
    meta = next(part for part in boxes(stream, 0, len(content)) if part.kind == b"meta")
    parts = _parts(stream, meta)
    located, listed = _content(stream, parts, b"iloc"), _content(stream, parts, b"iinf")
    if located[:8] != b"\0\0\0\0\x44\0\0\1" or listed[:6] != bytes(5) + b"\1" or b"iref" in parts:
        raise OSError("EXIF cannot be added to what this version of libavif writes")
    item, offset, length = struct.unpack(">H4xII", located[8:22])
    entry = full_box(b"infe", struct.pack(">HH4sB", item + 1, 0, b"Exif", 0), version=2)
    reference = full_box(b"iref", box(b"cdsc", struct.pack(">HHH", item + 1, 1, item)))
    grown = 14 + len(entry) + len(reference)
    places = struct.pack(">HHHII", item, 0, 1, offset + grown, length)
    places += struct.pack(">HHHII", item + 1, 0, 1, len(content) + grown + 8, len(block) + 4)
    new = {
        b"iloc": box(b"iloc", located[:7] + b"\2" + places),
        b"iinf": box(b"iinf", bytes(5) + b"\2" + listed[6:] + entry) + reference,
    }
    inner = b"".join(new.get(part.kind) or box(part.kind, content[part.start : part.end]) for part in parts.values())
    rest = content[meta.end :] + box(b"mdat", bytes(4) + block)
    return content[: meta.start - 8] + full_box(b"meta", inner) + rest

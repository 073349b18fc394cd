"""Pictures and other items in a file of boxes (HEIF, ISO/IEC 23008-12): their properties, and where their data are."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from hdrgen.io.containers.bits import BitReader
from hdrgen.io.containers.boxes import IsoBox, boxes

FULL = 4
"""Bytes of version and flags, with which many boxes begin."""
_LONGEST_META = 1 << 20  # these limits are far above real files, and keep damaged ones from taking time and memory
_LONGEST_PROFILE = 1 << 22
_MOST_ITEMS = 4096
_MOST_EXTENTS = 4096
_IN_FILE, _IN_META = 0, 1
_COLOURS = {b"nclx": b"nclx", b"prof": b"prof", b"rICC": b"prof"}
"""Kinds of colour information, and what they are called here: a restricted profile is a profile."""


class Place(NamedTuple):
    """Where the data of an item are: in which space, and pieces of offset and length there (0: to the end)."""

    space: int
    pieces: tuple[tuple[int, int], ...]


def parts_of(stream: BinaryIO, meta: IsoBox) -> dict[bytes, IsoBox]:
    """The boxes within the one that describes the items."""
    return {part.kind: part for part in boxes(stream, meta.start + FULL, meta.end)}


def content_of(stream: BinaryIO, parts: dict[bytes, IsoBox], kind: bytes) -> bytes:
    """What is in one of these boxes; nothing where there is none."""
    return parts[kind].content(stream, _LONGEST_META) if kind in parts else b""


def primary(stream: BinaryIO, parts: dict[bytes, IsoBox]) -> int:
    """The number of the picture to show."""
    content = content_of(stream, parts, b"pitm")
    return int.from_bytes(content[FULL : FULL + (4 if content[:1] > b"\0" else 2)], "big")


def items_of(stream: BinaryIO, parts: dict[bytes, IsoBox], kind: bytes) -> Iterator[int]:
    """The numbers of the items of a type, from the item information."""
    yield from (number for number, own, _ in _listed(stream, parts) if own == kind)


def flags_at(stream: BinaryIO, parts: dict[bytes, IsoBox], item: int) -> int | None:
    """Where in the file the last of an item's flags are; 1 hides it."""
    return next((start + FULL - 1 for number, _, start in _listed(stream, parts) if number == item), None)


def _listed(stream: BinaryIO, parts: dict[bytes, IsoBox]) -> Iterator[tuple[int, bytes, int]]:
    """Number, type and place of each item's information."""
    if b"iinf" not in parts:
        return
    start = parts[b"iinf"].start + FULL + (4 if content_of(stream, parts, b"iinf")[:1] > b"\0" else 2)
    for entry in boxes(stream, start, parts[b"iinf"].end):
        reader = BitReader(entry.content(stream, 32))
        version, _ = reader.take_bytes(1), reader.take_bytes(3)
        number, _ = reader.take_bytes(4 if version > 2 else 2), reader.take_bytes(2)
        yield number, reader.take_bytes(4).to_bytes(4, "big"), entry.start


def properties(stream: BinaryIO, parts: dict[bytes, IsoBox], item: int) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of what is said of an item; of colours CICP, under the type `nclx`, and a profile, `prof`."""
    if b"iprp" not in parts:
        return
    inner = {part.kind: part for part in boxes(stream, parts[b"iprp"].start, parts[b"iprp"].end)}
    if b"ipco" not in inner:
        return
    known = list(boxes(stream, inner[b"ipco"].start, inner[b"ipco"].end))
    for index in _associations(content_of(stream, inner, b"ipma"), item):
        if 0 < index <= len(known):
            kind = known[index - 1].kind
            content = known[index - 1].content(stream, _LONGEST_PROFILE if kind == b"colr" else 256)
            if kind != b"colr":
                yield kind, content
            elif content[:4] in _COLOURS:
                yield _COLOURS[content[:4]], content[4:]


def _associations(content: bytes, item: int) -> list[int]:
    """The numbers (from 1) of the properties of an item in an item property association box."""
    reader = BitReader(content)
    version, wide = reader.take_bytes(1), reader.take_bytes(3) & 1
    for _ in range(min(reader.take_bytes(4), _MOST_ITEMS)):
        number = reader.take_bytes(4 if version else 2)
        found = [
            reader.take_bytes(2) & 0x7FFF if wide else reader.take_bytes(1) & 0x7F for _ in range(reader.take_bytes(1))
        ]
        if number == item:
            return found
    return []


def data_of(stream: BinaryIO, parts: dict[bytes, IsoBox], item: int, limit: int) -> bytes:
    """The data of an item, at most `limit` bytes of them; nothing where the file does not say where they are."""
    place = place_of(content_of(stream, parts, b"iloc"), item)
    if place is None or place.space not in (_IN_FILE, _IN_META) or (place.space == _IN_META and b"idat" not in parts):
        return b""
    start, end = (0, stream.seek(0, 2)) if place.space == _IN_FILE else parts[b"idat"][1:]
    result = b""
    for offset, length in place.pieces:
        stream.seek(min(start + offset, end))
        left = end - stream.tell()
        result += stream.read(min(length or left, left, limit - len(result)))
    return result


def place_of(content: bytes, item: int) -> Place | None:
    """Where an item is, from the item location box."""
    reader = BitReader(content)
    version, _ = reader.take_bytes(1), reader.take_bytes(3)
    sizes, bases = reader.take_bytes(1), reader.take_bytes(1)
    for _ in range(min(reader.take_bytes(4 if version > 1 else 2), _MOST_ITEMS)):
        number = reader.take_bytes(4 if version > 1 else 2)
        space = reader.take_bytes(2) & 15 if version else _IN_FILE
        _, base, extents = reader.take_bytes(2), reader.take_bytes(bases >> 4), reader.take_bytes(2)
        found = [
            (
                reader.take_bytes(bases & 15 if version else 0),
                reader.take_bytes(sizes >> 4),
                reader.take_bytes(sizes & 15),
            )
            for _ in range(min(extents, _MOST_EXTENTS))
        ]
        if number == item:
            return Place(space, tuple((base + offset, length) for _, offset, length in found))
    return None

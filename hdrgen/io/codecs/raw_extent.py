"""Whether a camera RAW file is as long as its tables say, where LibRaw makes black or noise of what is missing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hdrgen.errors import InputError

_ORDERS = {b"II*\0": "<", b"MM\0*": ">", b"IIU\0": "<"}  # the last is Panasonic's
_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES = 273, 279, 324, 325
_SUB_DIRECTORIES, _PANASONIC_OFFSET = 330, 280
_SIDES, _TILE_SIDES = (256, 257), (322, 323)
_WANTED = (
    *_SIDES,
    *_TILE_SIDES,
    _STRIP_OFFSETS,
    _STRIP_SIZES,
    _TILE_OFFSETS,
    _TILE_SIZES,
    _SUB_DIRECTORIES,
    _PANASONIC_OFFSET,
)
_LETTERS = {3: "H", 4: "I", 13: "I"}
_NOWHERE = 0xFFFFFFFF
_MOST_DIRECTORIES, _MOST_VALUES = 64, 1 << 16

Directory = dict[int, tuple[int, ...]]


def check_extent(path: Path) -> None:
    """Refuse a RAW file of TIFF tables (DNG, CR2, NEF, ARW, PEF, RW2 ...) that ends before its pictures do.

    Raises:
        InputError: truncated or corrupt.
    """
    with path.open("rb") as stream:
        order = _ORDERS.get(stream.read(4))
        if order is None:
            return
        size = stream.seek(0, 2)
        directories = list(_directories(stream, order))
    if any(map(_lacks_tiles, directories)):
        raise InputError(f"{path}: corrupt RAW file (it lacks tiles of its picture); copy it again")
    reached = max((end for found in directories for end in _ends(found)), default=0)
    if reached > size:
        told = f"its tables reach to byte {reached}, the file has {size}"
        raise InputError(f"{path}: truncated RAW file ({told}); copy it again")


def _ends(found: Directory) -> Iterator[int]:
    """Where the strips or tiles of a picture end."""
    strips = found.get(_STRIP_OFFSETS, ())
    if strips == (_NOWHERE,):
        strips = found.get(_PANASONIC_OFFSET, ())
    yield from (start + size for start, size in zip(strips, found.get(_STRIP_SIZES, ()), strict=False))
    tiles = found.get(_TILE_OFFSETS, ())
    yield from (start + size for start, size in zip(tiles, found.get(_TILE_SIZES, ()), strict=False))


def _lacks_tiles(found: Directory) -> bool:
    """Whether there are fewer tiles than cover the picture."""
    if _TILE_OFFSETS not in found or not all(len(found.get(tag, ())) == 1 for tag in (*_SIDES, *_TILE_SIDES)):
        return False
    sides, tile = [found[tag][0] for tag in _SIDES], [found[tag][0] for tag in _TILE_SIDES]
    across, down = (-(-side // max(1, part)) for side, part in zip(sides, tile, strict=True))
    return len(found[_TILE_OFFSETS]) < min(across * down, _MOST_VALUES)


def _directories(stream: BinaryIO, order: str) -> Iterator[Directory]:
    """The directories that follow each other, and those within them."""
    stream.seek(4)
    waiting, seen = [_number(stream, order)], set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        start = waiting.pop()
        if start in seen or not start:
            continue
        seen.add(start)
        found, following = _directory(stream, start, order)
        waiting += [following, *found.get(_SUB_DIRECTORIES, ())]
        yield found


def _directory(stream: BinaryIO, start: int, order: str) -> tuple[Directory, int]:
    """The tags of one that are wanted here, and where the next is."""
    stream.seek(start)
    count = int.from_bytes(stream.read(2), "little" if order == "<" else "big")
    table = stream.read(12 * count)
    following = _number(stream, order)
    found = {}
    for tag, kind, number, field in struct.iter_unpack(order + "HHI4s", table[: len(table) // 12 * 12]):
        if tag in _WANTED and kind in _LETTERS:
            found[tag] = _values(stream, order + min(number, _MOST_VALUES) * _LETTERS[kind], field, order)
    return found, following


def _values(stream: BinaryIO, layout: str, field: bytes, order: str) -> tuple[int, ...]:
    """In the entry itself where they fit, else where it points to; none where the file has ended."""
    size = struct.calcsize(layout)
    if size > len(field):
        stream.seek(struct.unpack(order + "I", field)[0])
        field = stream.read(size)
    return struct.unpack(layout, field[:size]) if len(field) >= size else ()


def _number(stream: BinaryIO, order: str) -> int:
    content = stream.read(4)
    return int(struct.unpack(order + "I", content)[0]) if len(content) == 4 else 0

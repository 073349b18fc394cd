"""Whether a camera RAW file is as long as its tables say, where LibRaw makes black or noise of what is missing."""

from collections.abc import Iterator
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.containers.tiff_directories import BYTE_ORDERS, WHOLE_NUMBERS, TiffReader
from hdrgen.io.containers.tiff_pages import directories

_ORDERS = BYTE_ORDERS | {b"IIU\0": "<"}  # the last is Panasonic's
_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES = 273, 279, 324, 325
_PANASONIC_OFFSET = 280
_SIDES, _TILE_SIDES = (256, 257), (322, 323)
_OFFSETS_AND_SIZES = (_STRIP_OFFSETS, _STRIP_SIZES, _TILE_OFFSETS, _TILE_SIZES)
_TAGS = (*_SIDES, *_TILE_SIDES, *_OFFSETS_AND_SIZES, _PANASONIC_OFFSET)
_NOWHERE = 0xFFFFFFFF  # in place of an offset, where Panasonic's own tag has it
_MOST_VALUES = 1 << 16

Numbers = dict[int, tuple[int, ...]]
"""Of a directory, by tag."""


def check_extent(path: Path) -> None:
    """Refuse a RAW file of TIFF tables (DNG, CR2, NEF, ARW, PEF, RW2 ...) that ends before its pictures do.

    Raises:
        InputError: Truncated or corrupt.
    """
    with path.open("rb") as stream:
        order = _ORDERS.get(stream.read(4))
        if order is None:
            return
        size = stream.seek(0, 2)
        tables = list(_tables(TiffReader(stream, order)))
    if any(map(_lacks_tiles, tables)):
        raise InputError(f"{path}: corrupt RAW file (it lacks tiles of its picture); copy it again")
    reached = max((end for numbers in tables for end in _ends(numbers)), default=0)
    if reached > size:
        excess = f"its tables reach to byte {reached}, the file has {size}"
        raise InputError(f"{path}: truncated RAW file ({excess}); copy it again")


def _ends(numbers: Numbers) -> Iterator[int]:
    """Where the strips or tiles of a picture end."""
    strips = numbers.get(_STRIP_OFFSETS, ())
    if strips == (_NOWHERE,):
        strips = numbers.get(_PANASONIC_OFFSET, ())
    yield from (start + size for start, size in zip(strips, numbers.get(_STRIP_SIZES, ()), strict=False))
    tiles = numbers.get(_TILE_OFFSETS, ())
    yield from (start + size for start, size in zip(tiles, numbers.get(_TILE_SIZES, ()), strict=False))


def _lacks_tiles(numbers: Numbers) -> bool:
    """Whether there are fewer tiles than cover the picture."""
    if _TILE_OFFSETS not in numbers or not all(len(numbers.get(tag, ())) == 1 for tag in (*_SIDES, *_TILE_SIDES)):
        return False
    sides, tile = [numbers[tag][0] for tag in _SIDES], [numbers[tag][0] for tag in _TILE_SIDES]
    across, down = (-(-side // max(1, part)) for side, part in zip(sides, tile, strict=True))
    return len(numbers[_TILE_OFFSETS]) < min(across * down, _MOST_VALUES)


def _tables(reader: TiffReader) -> Iterator[Numbers]:
    """Of the directories that follow each other, and of those within them."""
    for _, _, (entries, _) in directories(reader):
        yield {
            tag: reader.numbers(entries[tag], _MOST_VALUES)
            for tag in _TAGS
            if tag in entries and entries[tag].kind in WHOLE_NUMBERS
        }

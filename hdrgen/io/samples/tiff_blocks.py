"""The strips or tiles of a TIFF page, as bytes."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from hdrgen.errors import InputError
from hdrgen.io.containers.tiff_directories import WHOLE_NUMBERS
from hdrgen.io.containers.tiff_pages import TiffPage, tiff_reader

_STRIP_OFFSETS, _ROWS, _STRIP_SIZES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_SIZES = 322, 323, 324, 325
_MOST = 1 << 22  # blocks: of a picture of 500 megapixels in rows of one pixel it would be more


class TiffBlock(NamedTuple):
    """A strip or tile.

    Attributes:
        row: Of the picture, at its top.
        column: Of the picture, at its left.
        height: Of what is stored; tiles may reach over the edge of the picture.
        width: Likewise.
        data: As stored.
    """

    row: int
    column: int
    height: int
    width: int
    data: bytes


def tag_values(path: Path, page: TiffPage, tag: int, most: int = 64) -> tuple[float, ...]:
    """Numbers of any type that a page has under a tag; none where it has none."""
    entry = page.found.directory.entries.get(tag)
    with path.open("rb") as stream:
        reader = tiff_reader(stream)
        return () if reader is None or entry is None else reader.values(entry, most)


def tiff_blocks(path: Path, page: TiffPage) -> Iterator[TiffBlock]:
    """The blocks of a page whose samples lie pixel by pixel, row of blocks by row of blocks.

    Raises:
        InputError: There are fewer than cover the picture, or the file ends before one does.
    """
    tiles = _TILE_OFFSETS in page.found.directory.entries
    sides = (_TILE_HEIGHT, _TILE_WIDTH) if tiles else (_ROWS, _ROWS)
    places, sizes = (_TILE_OFFSETS, _TILE_SIZES) if tiles else (_STRIP_OFFSETS, _STRIP_SIZES)
    offsets, lengths = _whole(path, page, places, _MOST), _whole(path, page, sizes, _MOST)
    height, width = (next(iter(_whole(path, page, tag, 1)), page.height) for tag in sides)
    height, width = (height, width) if tiles else (min(height, page.height), page.width)
    if not (height and width) or min(len(offsets), len(lengths)) < -(-page.height // height) * -(-page.width // width):
        raise InputError(f"{path}: truncated or corrupt TIFF file (it lacks parts of its picture)")
    across = -(-page.width // width)
    with path.open("rb") as stream:
        for index in range(-(-page.height // height) * across):
            row, column = index // across * height, index % across * width
            stream.seek(min(offsets[index], stream.seek(0, 2)))
            data = stream.read(lengths[index])
            if len(data) < lengths[index]:
                raise InputError(f"{path}: truncated TIFF file (it ends before its picture does); copy it again")
            stored = height if tiles else min(height, page.height - row)
            yield TiffBlock(row, column, stored, width, data)


def _whole(path: Path, page: TiffPage, tag: int, most: int) -> tuple[int, ...]:
    entry = page.found.directory.entries.get(tag)
    if entry is None or entry.kind not in WHOLE_NUMBERS:
        return ()
    with path.open("rb") as stream:
        reader = tiff_reader(stream)
        return () if reader is None else reader.numbers(entry, most)

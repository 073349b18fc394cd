"""Pages of TIFF files: those that follow each other and those within them, and which of them is the picture."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hdrgen.io.containers.tiff_directories import BIG_BYTE_ORDERS, BYTE_ORDERS, WHOLE_NUMBERS, TiffDirectory, TiffReader

LOG_L, LOG_LUV, CFA, LINEAR_RAW = 32844, 32845, 32803, 34892
"""Photometric interpretations: luminance and colours in logarithms, a sensor's mosaic, and one without mosaic."""
FLOATING = 3
"""The sample format."""
_SUBFILE, _OLD_SUBFILE, _WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 255, 256, 257, 258, 259, 262
_SUB_DIRECTORIES, _FORMAT = 330, 339
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_MOST_DIRECTORIES, _MOST_VALUES = 64, 64


class FoundDirectory(NamedTuple):
    """A directory of a file.

    Attributes:
        place: Where it is.
        number: Which it is of those that follow the first; None where it lies within another.
        directory: Its entries.
    """

    place: int
    number: int | None
    directory: TiffDirectory


class TiffPage(NamedTuple):
    """What a directory says of its picture.

    Attributes:
        found: The directory.
        width: In pixels.
        height: In pixels.
        reduced: Whether it is a smaller copy of another, or a mask for one.
        photometric: TIFF's number for what the values are.
        compression: TIFF's number.
        bits: Of a sample.
        sample_format: TIFF's number: 1 for whole numbers, 3 for floating point.
    """

    found: FoundDirectory
    width: int
    height: int
    reduced: bool
    photometric: int
    compression: int
    bits: int
    sample_format: int


def tiff_reader(stream: BinaryIO) -> TiffReader | None:
    """A reader of a file of either kind of TIFF; None of others."""
    stream.seek(0)
    start = stream.read(4)
    big = start in BIG_BYTE_ORDERS
    order = (BYTE_ORDERS | BIG_BYTE_ORDERS).get(start)
    return None if order is None else TiffReader(stream, order, big=big)


def directories(reader: TiffReader) -> Iterator[FoundDirectory]:
    """Those that follow each other, each before those within it; damaged links end early."""
    waiting: list[tuple[int, int | None]] = [(reader.place_at(reader.first_at), 0)]
    seen = set[int]()
    while waiting and len(seen) < _MOST_DIRECTORIES:
        place, index = waiting.pop()
        if place in seen or not place:
            continue
        seen.add(place)
        found = FoundDirectory(place, index, reader.directory(place))
        yield found
        if index is not None:
            waiting.append((found.directory.following, index + 1))
        waiting += [(inner, None) for inner in reversed(_numbers(reader, found, _SUB_DIRECTORIES))]


def pages_of(path: Path) -> list[TiffPage]:
    """The pictures of a TIFF file, in the order of `directories`; none where it is no TIFF file."""
    with path.open("rb") as stream:
        reader = tiff_reader(stream)
        found = [] if reader is None else [_page(reader, each) for each in directories(reader)]
    return [page for page in found if page.width and page.height]


def picture_among(pages: list[TiffPage]) -> TiffPage:
    """The first page that is no reduced copy; where all of them are, the largest.

    Pages that follow each other come first; then those within others, such as camera RAW has.
    """
    whole = sorted((page for page in pages if not page.reduced), key=lambda page: page.found.number is None)
    return whole[0] if whole else max(pages, key=lambda page: page.width * page.height)


def _page(reader: TiffReader, found: FoundDirectory) -> TiffPage:
    def number(tag: int, default: int) -> int:
        return next(iter(_numbers(reader, found, tag)), default)

    subfile = number(_SUBFILE, 0)
    reduced = bool(subfile & (_REDUCED | _MASK)) or number(_OLD_SUBFILE, 1) == _OLD_REDUCED
    sizes = number(_WIDTH, 0), number(_HEIGHT, 0)
    return TiffPage(
        found, *sizes, reduced, number(_PHOTOMETRIC, 1), number(_COMPRESSION, 1), number(_BITS, 1), number(_FORMAT, 1)
    )


def _numbers(reader: TiffReader, found: FoundDirectory, tag: int) -> tuple[int, ...]:
    entry = found.directory.entries.get(tag)
    return () if entry is None or entry.kind not in WHOLE_NUMBERS else reader.numbers(entry, _MOST_VALUES)

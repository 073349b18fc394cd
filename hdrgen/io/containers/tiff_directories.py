"""Directories of TIFF files, of which EXIF, most camera RAW and the index of several JPEG pictures are made, too.

Pillow's `Image.Exif` was tried for EXIF. It reads whole blocks alike, but of 18,385 damaged ones it gave other tags for
7,463, mostly fewer: it leaves a directory at its first entry that points nowhere, and says so through `warnings`. Nor
does it tell where an entry is in the file, or how far the strips of a picture reach, which is asked of RAW files here.
"""

import struct
from typing import BinaryIO, NamedTuple

BYTE_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
"""By the first four bytes, in the letters of `struct`."""
BIG_BYTE_ORDERS = {b"II+\0": "<", b"MM\0+": ">"}
"""Those of BigTIFF, whose places have 64 bits."""
BYTE, SHORT, LONG, RATIONAL, SIGNED_RATIONAL, SUB_DIRECTORY, TEXT = 1, 3, 4, 5, 10, 13, 2
FLOAT, DOUBLE, LONG_8, SUB_DIRECTORY_8 = 11, 12, 16, 18
WHOLE_NUMBERS = (SHORT, LONG, SUB_DIRECTORY, LONG_8, SUB_DIRECTORY_8)
_SIZES = {SHORT: 2, 8: 2, LONG: 4, 9: 4, FLOAT: 4, SUB_DIRECTORY: 4, RATIONAL: 8, SIGNED_RATIONAL: 8, DOUBLE: 8}
_SIZES |= {LONG_8: 8, 17: 8, SUB_DIRECTORY_8: 8}
"""Bytes of a value by type; of all others, text among them, 1."""
_LAYOUTS = {SHORT: "H", LONG: "I", SUB_DIRECTORY: "I", RATIONAL: "II", SIGNED_RATIONAL: "ii"}
_LAYOUTS |= {LONG_8: "Q", SUB_DIRECTORY_8: "Q"}
_FURTHER = {BYTE: "B", FLOAT: "f", DOUBLE: "d"}
FIRST, ENTRY = 4, 12
"""Where the place of the first directory is; bytes of an entry. BigTIFF has others."""
_MOST_ENTRIES = 1 << 16  # as TIFF can have; BigTIFF could claim more than there is memory


class TiffEntry(NamedTuple):
    """One entry of a directory: what it is, how many values it has, and those or where they are.

    Attributes:
        tag: What the values are.
        kind: Their type.
        number: How many.
        field: Four bytes, of BigTIFF eight: the values where they fit, else their place.
        place: Of the entry itself, in the file.
    """

    tag: int
    kind: int
    number: int
    field: bytes
    place: int


class TiffDirectory(NamedTuple):
    """The entries of a directory by tag, and the place of the next directory: 0 after the last."""

    entries: dict[int, TiffEntry]
    following: int


class TiffReader:
    """Directories of a file, or of a block of bytes in a `BytesIO`; what is damaged counts as missing, nothing raises.

    Args:
        stream: Seekable, where place 0 is the first byte of the TIFF header.
        order: "<" or ">", as in `BYTE_ORDERS`.
        big: Whether it is BigTIFF.
    """

    def __init__(self, stream: BinaryIO, order: str, *, big: bool = False) -> None:
        self._stream, self._order = stream, order
        self._place, self._entry, self._count = ("Q", "HHQ8s", 8) if big else ("I", "HHI4s", 2)
        self.first_at = 8 if big else FIRST

    def first(self) -> TiffDirectory:
        """The first directory; empty where there is none."""
        return self.directory(self.place_at(self.first_at))

    def directory(self, place: int) -> TiffDirectory:
        """The directory at a place, as far as the file goes; of two entries of one tag the last. None is at 0."""
        if place == 0:
            return TiffDirectory({}, 0)
        layout, start = self._order + self._entry, place + self._count
        size = struct.calcsize(layout)
        self._seek(place)
        count = int.from_bytes(self._stream.read(self._count), "little" if self._order == "<" else "big")
        table = self._stream.read(size * min(count, _MOST_ENTRIES))
        following = self.place_at(start + size * count)
        entries: dict[int, TiffEntry] = {}
        for index in range(len(table) // size):
            tag, kind, number, field = struct.unpack_from(layout, table, size * index)
            entries[tag] = TiffEntry(tag, kind, number, field, start + size * index)
        return TiffDirectory(entries, following)

    def place_at(self, place: int) -> int:
        """The place, a number of four bytes (of BigTIFF eight), that is written there; 0 past the end."""
        size = struct.calcsize(self._place)
        self._seek(place)
        content = self._stream.read(size)
        return int(struct.unpack(self._order + self._place, content)[0]) if len(content) == size else 0

    def _seek(self, place: int) -> None:
        """To a place, or the end of the file: systems refuse places that no file reaches, of which BigTIFF has some."""
        self._stream.seek(min(place, self._stream.seek(0, 2)))

    def content(self, entry: TiffEntry, most: int) -> bytes:
        """The first bytes of an entry's values, `most` at most; fewer where the file ends."""
        size = _SIZES.get(entry.kind, 1) * entry.number
        if size <= len(entry.field):
            return entry.field[: min(size, most)]
        self._seek(struct.unpack(self._order + self._place, entry.field)[0])
        return self._stream.read(min(size, most))

    def numbers(self, entry: TiffEntry, most: int) -> tuple[int, ...]:
        """The first values, `most` at most, flat: two for a fraction; none of another type or where the file ends."""
        return self._unpacked(entry, _LAYOUTS.get(entry.kind, ""), most)

    def values(self, entry: TiffEntry, most: int) -> tuple[float, ...]:
        """The first values as floats, fractions divided (0 for what is divided by 0); also of bytes and floats."""
        found = self._unpacked(entry, (_LAYOUTS | _FURTHER).get(entry.kind, ""), most)
        if entry.kind not in (RATIONAL, SIGNED_RATIONAL):
            return tuple(map(float, found))
        return tuple(above / below if below else 0.0 for above, below in zip(found[::2], found[1::2], strict=True))

    def _unpacked(self, entry: TiffEntry, letters: str, most: int) -> tuple[int, ...]:
        layout = self._order + letters * min(entry.number, most)
        content = self.content(entry, struct.calcsize(layout))
        return struct.unpack(layout, content) if len(content) == struct.calcsize(layout) else ()

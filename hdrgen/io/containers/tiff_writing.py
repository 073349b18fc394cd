"""One page of a TIFF file, with tags that no writer here writes."""

import struct
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from hdrgen.errors import InputError
from hdrgen.io.containers.tiff_directories import BYTE, ENTRY, LONG, RATIONAL, SHORT, SIGNED_RATIONAL, TEXT

_LETTERS = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "I", SIGNED_RATIONAL: "i"}
_OFFSETS, _SIZES, _EXIF = 324, 325, 34665
_PLACE = 4  # bytes of a place in the file
_LARGEST = 2**32 - 1


class Field(NamedTuple):
    """The values of a tag: a type of `tiff_directories`, and numbers (of fractions two each), or a text."""

    kind: int
    values: Sequence[int] | str

    @property
    def content(self) -> bytes:
        """As they are stored."""
        if isinstance(self.values, str):
            return self.values.encode("utf-8", "replace") + b"\0"
        return struct.pack(f"<{len(self.values)}{_LETTERS[self.kind]}", *self.values)

    @property
    def number(self) -> int:
        """How many values."""
        fraction = self.kind in (RATIONAL, SIGNED_RATIONAL)
        return len(self.content) if self.kind == TEXT else len(self.values) // (2 if fraction else 1)


def write_tiled(
    temporary: Path, fields: Mapping[int, Field], exif: Mapping[int, Field], tiles: Iterable[bytes]
) -> None:
    """Write a page of tiles, which may come one by one, with an EXIF directory unless that is empty.

    Raises:
        InputError: More than 4 GB, which places of 32 bits do not reach.
    """
    with temporary.open("wb") as stream:
        stream.write(b"II*\0" + bytes(_PLACE))
        places, sizes = [], []
        for tile in tiles:
            places.append(stream.tell())
            sizes.append(stream.write(tile))
            stream.write(b"\0" * (len(tile) % 2))
            if stream.tell() > _LARGEST - (1 << 24):
                raise InputError("expected an image below 4 GB, which is all that DNG files hold; choose .exr")
        whole = dict(fields) | {_OFFSETS: Field(LONG, places), _SIZES: Field(LONG, sizes)}
        if exif:
            whole[_EXIF] = Field(LONG, (stream.tell(),))
            stream.write(_directory(exif, stream.tell()))
        first = stream.tell()
        stream.write(_directory(whole, first))
        stream.seek(_PLACE)
        stream.write(struct.pack("<I", first))


def _directory(fields: Mapping[int, Field], start: int) -> bytes:
    """A directory that begins at `start`, with the values behind it that do not fit into it."""
    entries, further = struct.pack("<H", len(fields)), b""
    after = start + 2 + ENTRY * len(fields) + _PLACE
    for tag, field in sorted(fields.items()):
        content = field.content
        entries += struct.pack("<HHI", tag, field.kind, field.number)
        if len(content) <= _PLACE:
            entries += content.ljust(_PLACE, b"\0")
        else:
            entries += struct.pack("<I", after + len(further))
            further += content + b"\0" * (len(content) % 2)
    return entries + bytes(_PLACE) + further

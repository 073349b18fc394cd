"""The chunks of a PNG file (PNG specification, third edition)."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hdrgen.errors import InputError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_AROUND = 12  # bytes of a chunk beside its content: length, name and checksum
_LONGEST = 1 << 22  # bytes of a chunk that says something of colours: a profile's, compressed
_END, _PIXELS = b"IEND", b"IDAT"


class _Head(NamedTuple):
    """Where the content of a chunk starts, and how long it says that it is."""

    name: bytes
    start: int
    length: int


def check_chunks(path: Path) -> None:
    """Walk the chunks and their checksums: libpng accepts a file without its end, and some damage.

    Raises:
        InputError: Truncated or corrupt.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(len(SIGNATURE))
        while _checked_chunk(stream, size, path) != _END:
            pass


def content_before_pixels(path: Path, names: frozenset[bytes]) -> dict[bytes, bytes]:
    """The content of the chunks of these names that stand in front of the pixels; of several of a name the first.

    Nothing is checked; what is too long to say something of colours is left out.
    """
    found = dict[bytes, bytes]()
    with path.open("rb") as stream:
        for name, start, length in _heads(stream):
            if name in names and length <= _LONGEST:
                stream.seek(start)
                found.setdefault(name, stream.read(length))
    return found


def with_chunk(content: bytes, name: bytes, body: bytes) -> bytes:
    """A whole file with a chunk behind the first one, IHDR."""
    at = len(SIGNATURE) + _AROUND + int.from_bytes(content[len(SIGNATURE) : len(SIGNATURE) + 4], "big")
    chunk = len(body).to_bytes(4, "big") + name + body + zlib.crc32(name + body).to_bytes(4, "big")
    return content[:at] + chunk + content[at:]


def _heads(stream: BinaryIO) -> Iterator[_Head]:
    """Of the chunks in front of the pixels."""
    at, size = len(SIGNATURE), stream.seek(0, 2)
    while at + _AROUND <= size:
        stream.seek(at)
        head = stream.read(8)
        found = _Head(head[4:], at + 8, int.from_bytes(head[:4], "big"))
        if found.name in (_PIXELS, _END):
            return
        yield found
        at = found.start + found.length + 4


def _checked_chunk(stream: BinaryIO, size: int, path: Path) -> bytes:
    """The name of the next chunk; a length beyond the file is not read, which would take memory for all of it."""
    head = stream.read(8)
    length, name = int.from_bytes(head[:4], "big"), head[4:]
    body = stream.read(length + 4) if length + 4 <= size - stream.tell() else b""
    if len(name) < 4 or len(body) < length + 4:
        raise InputError(f"{path}: truncated PNG file (it ends within a chunk)")
    if zlib.crc32(body[:-4], zlib.crc32(name)) != int.from_bytes(body[-4:], "big"):
        raise InputError(f"{path}: corrupt PNG file (the checksum of chunk {name!r} is wrong)")
    return name

"""Boxes of the ISO base media file format (ISO/IEC 14496-12), of which AVIF and JPEG XL files are made."""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

_TO_THE_END, _LONG_SIZE = 0, 1
_MOST_BOXES = 4096  # real files have tens; a damaged one is not walked for long


class IsoBox(NamedTuple):
    """One box: its type, and where its content is in the file."""

    kind: bytes
    start: int
    end: int

    def content(self, stream: BinaryIO, limit: int) -> bytes:
        """The content, at most `limit` bytes of it."""
        stream.seek(self.start)
        return stream.read(min(self.end - self.start, limit))


def boxes(stream: BinaryIO, start: int, end: int) -> Iterator[IsoBox]:
    """The boxes that follow each other from `start` to `end`; ends early at one that cannot be."""
    for _ in range(_MOST_BOXES):
        stream.seek(start)
        head = stream.read(min(16, max(0, end - start)))
        if len(head) < 8:
            return
        size, body = int.from_bytes(head[:4], "big"), start + 8
        if size == _LONG_SIZE:
            size, body = int.from_bytes(head[8:16], "big"), start + 16
        stop = end if size == _TO_THE_END else start + size
        if not body <= stop <= end:
            return
        yield IsoBox(head[4:8], body, stop)
        start = stop


def box(kind: bytes, content: bytes) -> bytes:
    """A whole box with its size."""
    return (len(content) + 8).to_bytes(4, "big") + kind + content


def full_box(kind: bytes, content: bytes, version: int = 0) -> bytes:
    """A whole box that begins with a version and three bytes of flags, all zero."""
    return box(kind, bytes((version, 0, 0, 0)) + content)

"""Colour profiles (ICC)."""

import struct

from benchmarks.fuzz.structures import wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_HEADER = 128
_COLORANTS = (b"rXYZ", b"gXYZ", b"bXYZ", b"wtpt", b"chad")
_TYPES = (b"curv", b"para", b"XYZ ", b"sf32", b"mluc", b"desc", b"mft1", b"mft2", b"mAB ", b"text", b"\0\0\0\0")


def _table(content: bytes) -> list[int]:
    """Where the entries of its table of tags begin."""
    count = min(int.from_bytes(content[_HEADER : _HEADER + 4], "big"), 100)
    return [at for at in range(_HEADER + 4, _HEADER + 4 + 12 * count, 12) if at + 12 <= len(content)]


def table(content: bytes, rng: Generator) -> bytes:
    """Number of tags, their names, places and sizes."""
    listed = _table(content)
    if not listed or rng.random() < 0.1:
        return wild.overwritten(content, _HEADER, wild.packed(rng, 4))
    at = wild.chosen(rng, listed)
    return wild.overwritten(content, at + 4 * int(rng.integers(3)), wild.packed(rng, 4))


def colorants(content: bytes, rng: Generator) -> bytes:
    """Zero, equal, negative, huge; a singular adaptation."""
    for at in _table(content):
        name, start, size = struct.unpack_from(">4sII", content, at)
        if name in _COLORANTS and rng.random() < 0.5:
            count = max(0, min(size, 64) // 4 - 2)
            numbers = [wild.chosen(rng, (0, 0, 1, -1, 65536, 2**31 - 1, -(2**31), 30000)) for _ in range(count)]
            content = wild.overwritten(content, start + 8, struct.pack(f">{count}i", *numbers))
    return content


def types(content: bytes, rng: Generator) -> bytes:
    if not (listed := _table(content)):
        return content
    start = int.from_bytes(content[(at := wild.chosen(rng, listed)) + 4 : at + 8], "big")
    return wild.overwritten(content, start, wild.chosen(rng, _TYPES))


def values(content: bytes, rng: Generator) -> bytes:
    """Counts of curves and texts among them."""
    if not (listed := _table(content)):
        return content
    start = int.from_bytes(content[(at := wild.chosen(rng, listed)) + 4 : at + 8], "big")
    return wild.field(content, rng, start, start + 24)


def header(content: bytes, rng: Generator) -> bytes:
    """Size, version, class, spaces."""
    return wild.field(content, rng, 0, _HEADER)


_WAYS: tuple[Mutation, ...] = (table, colorants, colorants, types, values, header, wild.cut)


def any_of(content: bytes, rng: Generator) -> bytes:
    """One of these."""
    return wild.chosen(rng, _WAYS)(content, rng)

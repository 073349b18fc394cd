"""Chunks of PNG files, whose checksums are right, so that what they hold is looked at."""

import struct
import zlib
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.fuzz.structures import profile, tiff, wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_START = b"\x89PNG\r\n\x1a\n"
_NAMES = (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"eXIf", b"cICP", b"sBIT")
_NAMES += (b"bKGD", b"hIST", b"pHYs", b"tIME", b"tEXt", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"sPLT", b"mDCV", b"abcd")
_BOMB = 1 << 22


class Chunk(NamedTuple):
    """One of the file."""

    name: bytes
    content: bytes
    length: bytes = b""
    """In place of the true one."""

    def put_together(self) -> bytes:
        """The bytes, with the length that was asked for or the true one."""
        length = self.length or len(self.content).to_bytes(4, "big")
        return length + self.name + self.content + zlib.crc32(self.name + self.content).to_bytes(4, "big")


def taken_apart(content: bytes) -> list[Chunk]:
    chunks, at = [], len(_START)
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        chunks.append(Chunk(content[at + 4 : at + 8], content[at + 8 : end]))
        at = end + 4
    return chunks


def put_together(chunks: list[Chunk]) -> bytes:
    return _START + b"".join(chunk.put_together() for chunk in chunks)


def _changed(content: bytes, rng: Generator, name: bytes, change: Mutation) -> bytes:
    chunks = taken_apart(content)
    among = [at for at, chunk in enumerate(chunks) if chunk.name == name]
    if not among:
        return content
    at = wild.chosen(rng, among)
    chunks[at] = chunks[at]._replace(content=change(chunks[at].content, rng))
    return put_together(chunks)


def header(content: bytes, rng: Generator) -> bytes:
    """Sides, depth, colour type, interlacing."""
    return _changed(content, rng, b"IHDR", wild.field)


def order(content: bytes, rng: Generator) -> bytes:
    return put_together(wild.disordered(taken_apart(content), rng))


def lengths(content: bytes, rng: Generator) -> bytes:
    chunks = taken_apart(content)
    at = int(rng.integers(len(chunks)))
    chunks[at] = chunks[at]._replace(length=wild.packed(rng, 4))
    return put_together(chunks)


def names(content: bytes, rng: Generator) -> bytes:
    chunks = taken_apart(content)
    at = int(rng.integers(len(chunks)))
    chunks[at] = chunks[at]._replace(name=wild.chosen(rng, _NAMES))
    return put_together(chunks)


def further_chunks(content: bytes, rng: Generator) -> bytes:
    """Of some kind, with wild content."""
    chunks = taken_apart(content)
    name = wild.chosen(rng, _NAMES)
    inner = wild.chosen(rng, (b"", rng.bytes(int(rng.integers(1, 40))), wild.packed(rng, 4) * 8, _text(rng)))
    chunks.insert(int(rng.integers(1, len(chunks) + 1)), Chunk(name, inner))
    return put_together(chunks)


def _text(rng: Generator) -> bytes:
    """A key with what unpacks to megabytes."""
    return b"key\0" + wild.chosen(rng, (b"\0", b"\1\0", b"\0\0\0\0")) + zlib.compress(bytes(_BOMB))


def pixels(content: bytes, rng: Generator) -> bytes:
    """Too few or too many, wild filters, pieces of a byte, of nothing, or no zlib."""
    chunks = taken_apart(content)
    packed = b"".join(chunk.content for chunk in chunks if chunk.name == b"IDAT")
    at = next((at for at, chunk in enumerate(chunks) if chunk.name == b"IDAT"), None)
    if at is None:
        return content
    ways: tuple[Callable[[], list[bytes]], ...] = (
        lambda: [packed[index : index + 1] for index in range(min(len(packed), 5000))],
        lambda: [b""] * 1000 + [packed],
        lambda: [packed[: int(rng.integers(len(packed) + 1))]],
        lambda: [zlib.compress(rng.bytes(int(rng.integers(1, 40_000))))],
        lambda: [zlib.compress(bytes((int(rng.integers(256)),)) * _BOMB)],
        lambda: [rng.bytes(50)],
    )
    pieces = wild.chosen(rng, ways)()
    rest = [chunk for chunk in chunks if chunk.name != b"IDAT"]
    return put_together([*rest[:at], *(Chunk(b"IDAT", piece) for piece in pieces), *rest[at:]])


def exif(content: bytes, rng: Generator) -> bytes:
    return _changed(content, rng, b"eXIf", tiff.any_of)


def colours(content: bytes, rng: Generator) -> bytes:
    """The profile, packed again; or numbers of primaries."""
    chunks = taken_apart(content)
    packed = next((chunk.content for chunk in chunks if chunk.name == b"iCCP"), b"")
    name, zero, inner = packed.partition(b"\0")
    new = [Chunk(b"cICP", rng.bytes(4)), Chunk(b"gAMA", wild.packed(rng, 4))]
    new.append(Chunk(b"cHRM", struct.pack(">8I", *(wild.integer(rng, 4) for _ in range(8)))))
    if plain := _unpacked(inner[1:]):
        changed = profile.any_of(plain, rng)
        new += [Chunk(b"iCCP", name + zero + inner[:1] + zlib.compress(changed))] * 5
    rest = [chunk for chunk in chunks if chunk.name != b"iCCP"]
    return put_together([*rest[:1], wild.chosen(rng, new), *rest[1:]])


def _unpacked(packed: bytes) -> bytes:
    """Nothing, where another change has been there before."""
    try:
        return zlib.decompress(packed)
    except zlib.error:
        return b""


KINDS: dict[str, Mutation] = {
    "header": header,
    "order and number of chunks": order,
    "lengths of chunks": lengths,
    "names of chunks": names,
    "further chunks": further_chunks,
    "pixels": pixels,
    "EXIF": exif,
    "colours": colours,
}

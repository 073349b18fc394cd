"""Values that nobody expects, and lists of pieces in disorder."""

import struct
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

Generator = np.random.Generator
Mutation = Callable[[bytes, Generator], bytes]
Piece = TypeVar("Piece")
_EDGES = (0, 1, 2, 3, 7, 8, 15, 16, 17, 255, 256, 4096, 32767, 32768, 65535, 65536, 10**6, 2**24)
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1e-45, 1e-30, 65504.0, 1e10, 1e30, 3e38, -3e38, np.nan, np.inf, -np.inf)
_NUMBERS = (
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-1e400",
    "1e-400",
    "0",
    "-0",
    "-1",
    "1e30",
    "64",
    "-64",
    "1_0",
    "",
    "x",
    "1" * 39,
)
_MOST_COPIES = 3000


def chosen(rng: Generator, among: Sequence[Piece]) -> Piece:
    return among[int(rng.integers(len(among)))]


def integer(rng: Generator, size: int) -> int:
    """One that fits into so many bytes: small, near a power of two, or anything."""
    top = 256**size
    if rng.random() < 0.1:
        return int.from_bytes(rng.bytes(size), "big")
    edges = [edge for edge in _EDGES if edge < top]
    return chosen(rng, [*edges, top - 1, top - 2, top // 2, top // 2 - 1, top // 4])


def packed(rng: Generator, size: int, order: str = ">") -> bytes:
    """Such an integer as bytes."""
    return integer(rng, size).to_bytes(size, "little" if order == "<" else "big")


def real(rng: Generator) -> float:
    return chosen(rng, _FLOATS) if rng.random() < 0.7 else float(rng.normal() * 10.0 ** rng.integers(-9, 9))


def reals(rng: Generator, count: int, order: str = "<") -> bytes:
    """Numbers of single precision."""
    if count > 16:  # all at once
        return rng.choice(np.array(_FLOATS, f"{order}f4"), count).tobytes()
    with np.errstate(over="ignore"):
        return struct.pack(f"{order}{count}f", *(np.float32(real(rng)) for _ in range(count)))


def number(rng: Generator) -> bytes:
    """As text."""
    return chosen(rng, _NUMBERS).encode()


def overwritten(content: bytes, at: int, new: bytes) -> bytes:
    """Some bytes in place of others; the length stays."""
    return (content[:at] + new + content[at + len(new) :])[: len(content)] if 0 <= at < len(content) else content


def cut(content: bytes, rng: Generator, least: int = 2) -> bytes:
    """The beginning, of so many bytes at least."""
    return content[: int(rng.integers(least, len(content)))] if len(content) > least else content


def field(content: bytes, rng: Generator, start: int = 0, end: int | None = None) -> bytes:
    """A number of 1, 2, 4 or 8 bytes somewhere between two places."""
    end = len(content) if end is None else min(end, len(content))
    if end <= start:
        return content
    size = int(chosen(rng, (1, 1, 2, 4, 4, 8)))
    return overwritten(content, int(rng.integers(start, end)), packed(rng, size, chosen(rng, "<>")))


def disordered(pieces: Sequence[Piece], rng: Generator) -> list[Piece]:
    """One removed, doubled, repeated many times, moved, or two exchanged."""
    pieces = list(pieces)
    if not pieces:
        return pieces
    at, other = (int(place) for place in rng.integers(0, len(pieces), 2))
    way = int(rng.integers(5))
    if way == 0:
        del pieces[at]
    elif way == 1:
        pieces.insert(other, pieces[at])
    elif way == 2:
        pieces[at:at] = [pieces[at]] * int(rng.integers(2, _MOST_COPIES)) if _is_short(pieces[at]) else [pieces[at]]
    elif way == 3:
        pieces.insert(other, pieces.pop(at))
    else:
        pieces[at], pieces[other] = pieces[other], pieces[at]
    return pieces


def _is_short(piece: object) -> bool:
    content = piece.put_together() if hasattr(piece, "put_together") else piece
    return isinstance(content, bytes) and len(content) < 100

"""Tables of numbers in MATLAB files (version 5, which MATLAB 5 to 7 save by default).

SciPy reads more of them, and trusts what they say: versions up to 1.17 at least end the process at a number type that
there is none of. Files of curves come from strangers, and hold plain tables.
"""

import zlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

_HEADER, _ORDER = 128, slice(126, 128)
_ORDERS = {b"IM": "<", b"MI": ">"}
_COMPRESSED, _MATRIX = 15, 14
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CLASSES = range(6, 16)  # numbers, rather than cells, structures, text and sparse tables
_COMPLEX = 0x0800
_MOST_DIMENSIONS = 2


class _Element(NamedTuple):
    """A piece of a file: its type and content."""

    kind: int
    content: bytes


def tables_in(path: Path, names: Collection[str], most: int) -> dict[str, NDArray[np.float64]]:
    """The tables of numbers under some names, of two dimensions each.

    Args:
        path: The file.
        names: Those that are wanted; all else is left out, and so is what is no plain table.
        most: Bytes of all variables, unpacked.

    Raises:
        ValueError: Another kind of file, a damaged one, or a larger one.
    """
    with path.open("rb") as stream:
        content = stream.read(most + 1)
    order = _ORDERS.get(content[_ORDER])
    if order is None:
        raise ValueError("no MATLAB file of version 5; save it with -v6 or -v7")
    found, left = dict[str, NDArray[np.float64]](), most - len(content)
    for element in _elements(content[_HEADER:], order):
        if element.kind == _COMPRESSED:
            unpacked = _unpacked(element.content, max(left, 1))
            left -= len(unpacked)
            element = next(_elements(unpacked, order), element)
        if element.kind == _MATRIX:
            name, table = _matrix(element.content, order)
            if name in names and table is not None:
                found[name] = table
    return found


def _unpacked(content: bytes, most: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        result = unpacking.decompress(content, most)
    except zlib.error as error:
        raise ValueError(f"damaged, {error}") from error
    if unpacking.unconsumed_tail:
        raise ValueError("more than curves are, unpacked")
    return result


def _elements(content: bytes, order: str) -> Iterator[_Element]:
    """Those that follow each other.

    Raises:
        ValueError: One that is longer than what is left.
    """
    whole: Literal["little", "big"] = "little" if order == "<" else "big"
    at = 0
    while at + 8 <= len(content):
        first, size = (int.from_bytes(content[start : start + 4], whole) for start in (at, at + 4))
        kind, start, end = first, at + 8, at + 8 + size
        if first >> 16:  # up to four bytes, beside type and size
            kind, size = first & 0xFFFF, first >> 16
            start, end = at + 4, at + 4 + size
        if end > len(content) or (first >> 16 and size > 4):
            raise ValueError("truncated or damaged")
        yield _Element(kind, content[start:end])
        at = end if kind == _COMPRESSED else end + -end % 8


def _matrix(content: bytes, order: str) -> tuple[str, NDArray[np.float64] | None]:
    """Name and numbers of a variable; no numbers where it is something else than a real table."""
    flags, sides, name, *parts = _elements(content, order)
    told = np.frombuffer(flags.content[:4], f"{order}u4")
    shape = np.frombuffer(sides.content[: len(sides.content) // 4 * 4], f"{order}i4").tolist()
    text = name.content.decode("latin-1")
    usable = told.size and told[0] & 0xFF in _CLASSES and not told[0] & _COMPLEX and len(shape) == _MOST_DIMENSIONS
    if not usable or not parts or parts[0].kind not in _TYPES:
        return text, None
    kind = np.dtype(order + _TYPES[parts[0].kind])
    numbers = np.frombuffer(parts[0].content[: len(parts[0].content) // kind.itemsize * kind.itemsize], kind)
    if min(shape) < 0 or numbers.size != shape[0] * shape[1]:
        raise ValueError("truncated or damaged")
    return text, numbers.astype(np.float64).reshape(shape, order="F")

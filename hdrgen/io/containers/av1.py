"""How large a picture a decoder of AV1 makes, before anything is decoded (AV1 Bitstream Specification, 5.3 to 5.9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hdrgen.io.containers.bits import BitReader

_SEQUENCE_HEADER, _WITH_FRAME_HEADER = 1, (3, 6, 7)
_LONGEST_HEADER = 1024  # bytes; 32 operating points take 400
_MOST_UNITS = 100_000
_KEY_FRAME, _SWITCH_FRAME = 0, 3
_SELECT = 2
_HIGH_LEVEL = 7


class _Sequence(NamedTuple):
    """What is said of all frames. The last five tell where a frame's header says whether it has a size of its own."""

    size: tuple[int, int]
    bits: tuple[int, int]
    still: bool
    screen_content: int
    integer_motion: int
    number_bits: int
    time_bits: int


def largest_frame(data: bytes) -> tuple[int, int] | None:
    """Width and height of the largest frame of an item's data; None where no sequence header tells it.

    A frame that announces a size of its own, as scaled ones do, counts as large as the bits for its sides allow.

    >>> largest_frame(bytes.fromhex("12000a0918156b81a2021a0d08"))
    (44, 33)
    """
    sequence, found = None, (0, 0)
    for kind, content in _units(data):
        if kind == _SEQUENCE_HEADER:
            sequence = _sequence(BitReader(content))
            found = _larger(found, sequence.size)
        elif sequence and kind in _WITH_FRAME_HEADER and _has_own_size(BitReader(content), sequence):
            found = _larger(found, (1 << sequence.bits[0], 1 << sequence.bits[1]))
    return None if sequence is None else found


def _larger(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    return max(first, second, key=lambda size: size[0] * size[1])


def _units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and beginning of each open bitstream unit (OBU)."""
    at = 0
    for _ in range(_MOST_UNITS):
        if at >= len(data):
            return
        head = data[at]
        at += 2 if head & 4 else 1
        size, at = _leb128(data, at) if head & 2 else (len(data) - at, at)
        if at >= len(data) and size:
            return
        yield head >> 3 & 15, data[at : at + min(size, _LONGEST_HEADER)]
        at += size


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """A number in bytes of seven bits, least significant first, and where it ends."""
    value = 0
    for number, byte in enumerate(data[at : at + 8]):
        value |= (byte & 127) << 7 * number
        if byte < 128:
            return value, at + number + 1
    return len(data), len(data)


def _skip_variable(bits: BitReader) -> None:
    """As many bits again as there were zeros in front of a one."""
    zeros = next((count for count in range(32) if bits.take(1)), 32)
    bits.take(zeros % 32)


def _sequence(bits: BitReader) -> _Sequence:
    bits.take(3)  # profile
    bits.take(1)  # still picture, perhaps with a header in full
    still = bool(bits.take(1))
    time_bits = 0
    if still:
        bits.take(5)  # level
    else:
        time_bits = _skip_timing(bits)
    sides = bits.take(4) + 1, bits.take(4) + 1
    size = bits.take(sides[0]) + 1, bits.take(sides[1]) + 1
    number_bits = bits.take(4) + bits.take(3) + 3 if not still and bits.take(1) else 0
    bits.take(3)  # blocks of 128, filter of intra prediction, of its edges
    screen_content, integer_motion = (_SELECT, _SELECT) if still else _tools(bits)
    return _Sequence(size, sides, still, screen_content, integer_motion, number_bits, time_bits)


def _skip_timing(bits: BitReader) -> int:
    """Over what is said of time and of operating points; how many bits a frame's header takes for its time."""
    time_bits = delay_bits = 0
    if bits.take(1):
        bits.take(64)
        if even := bits.take(1):
            _skip_variable(bits)
        if bits.take(1):
            delay_bits, _, _, time_bits = bits.take(5) + 1, bits.take(32), bits.take(5), bits.take(5) + 1
            time_bits = 0 if even else time_bits
    delayed = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > _HIGH_LEVEL:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if delayed and bits.take(1):
            bits.take(4)
    return time_bits


def _tools(bits: BitReader) -> tuple[int, int]:
    """Whether frames use tools for screen content, and whole motion vectors: never, always, or each as it says."""
    bits.take(4)
    if bits.take(1):  # frames have an order
        bits.take(2)
    screen_content = _SELECT if bits.take(1) else bits.take(1)
    if not screen_content:
        return screen_content, _SELECT
    return screen_content, _SELECT if bits.take(1) else bits.take(1)


def _has_own_size(bits: BitReader, sequence: _Sequence) -> bool:
    """Whether the header of a frame overrides the sequence's size."""
    if sequence.still or bits.take(1):  # or a frame that was decoded before
        return False
    kind, shown = bits.take(2), bits.take(1)
    bits.take(sequence.time_bits if shown else 1)
    if not (kind == _SWITCH_FRAME or (kind == _KEY_FRAME and shown)):
        bits.take(1)  # resilient to errors
    bits.take(1)  # probabilities are kept
    screen_content = bits.take(1) if sequence.screen_content == _SELECT else sequence.screen_content
    if screen_content and sequence.integer_motion == _SELECT:
        bits.take(1)
    bits.take(sequence.number_bits)
    return kind == _SWITCH_FRAME or bool(bits.take(1))

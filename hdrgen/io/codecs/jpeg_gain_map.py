"""Gain maps in JPEG files: behind an SDR picture that every viewer shows, what makes it an HDR picture.

Both kinds of metadata are written, ISO 21496-1 and Android's XMP (Ultra HDR image format 1.1), and both are read. The
second picture is found by the index of CIPA DC-007 (multi-picture format).

libultrahdr, which imagecodecs holds, was tried for reading. It is not there for every Python, and what a file is would
depend on it: it gives half floats, and weighs the pixels of maps smaller than the base in its own way (the tests bound
the difference by 0.08 stops in the median and 0.2 stops for 95 of 100 pixels).
"""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from hdrgen.io.codecs.jpeg_picture import decoded, encoded, profile_in
from hdrgen.io.containers.jpeg_markers import APP1, APP2, Segment, frame_of, segments
from hdrgen.io.containers.tiff_directories import BYTE_ORDERS, TiffReader
from hdrgen.io.gain_maps.gain_map import GainMap, GainMapError, GainMapMetadata, reading_gain_map
from hdrgen.io.gain_maps.gain_map_metadata import (
    ISO_OF_BASE,
    announces_gain_map,
    is_xmp,
    iso_segment,
    merged_xmp,
    metadata_in_segments,
    xmp_of_base,
    xmp_segment,
)

_MARKS = (b"hdrgm", b"urn:iso:std:iso:ts:21496", b"HDRGainMap")
_INDEX = b"MPF\0"
_ENTRIES, _COUNT, _VERSION = 0xB002, 0xB001, 0xB000
_PRIMARY = 0x030000  # attribute of the first picture: baseline MP primary image
_MOST_PICTURES = 32
_INDEX_SIZE = 4 + 8 + 2 + 3 * 12 + 4 + 2 * 16
_LONGEST = 0xFFFF - 2
_APPLICATIONS = range(0xE0, 0xF0)


class StoredGainMap(NamedTuple):
    """A gain map in a file: where its JPEG is, what its levels mean, and its own colour profile."""

    start: int
    size: int
    metadata: GainMapMetadata
    profile: bytes


def may_hold_gain_map(path: Path) -> bool:
    """Whether a JPEG file says anywhere what all kinds of gain maps have to say."""
    content = path.read_bytes()
    return any(mark in content for mark in _MARKS)


def has_gain_map(path: Path) -> bool:
    """Whether a JPEG file has a gain map that is read here."""
    try:
        return may_hold_gain_map(path) and find_gain_map(path) is not None
    except GainMapError:
        return False


def with_gain_map(base: bytes, gain_map: GainMap, quality: int) -> bytes:
    """The whole file.

    Args:
        base: The SDR picture as JPEG.
        gain_map: From `gain_map_between`.
        quality: Of the map's JPEG.
    """
    metadata = gain_map.metadata
    second = encoded(gain_map.levels, quality)
    second = second[:2] + _segment(APP1, xmp_segment(metadata)) + _segment(APP2, iso_segment(metadata)) + second[2:]
    base, xmp = _with_xmp(base, xmp_of_base(len(second)))
    at = _end_of_applications(base)
    described = xmp + _segment(APP2, ISO_OF_BASE)
    start_of_index = at + len(described) + 4 + len(_INDEX)
    size = len(base) + len(described) + 4 + _INDEX_SIZE
    index = _segment(APP2, _index(size, len(second), size - start_of_index))
    return base[:at] + described + index + base[at:] + second


def find_gain_map(path: Path) -> StoredGainMap | None:
    """The gain map of a JPEG file; None where there is none.

    Raises:
        GainMapError: One of a kind that is not read here, or one that the file announces and does not hold.
    """
    with path.open("rb") as stream:
        described = list(segments(stream))
        for start, size in _pictures(stream, described):
            stream.seek(start)
            parts = list(segments(stream))
            metadata = metadata_in_segments([part.content for part in parts if part.marker in (APP1, APP2)], path)
            if metadata is not None:
                return StoredGainMap(start, size, metadata, profile_in(parts))
    if any(part.marker in (APP1, APP2) and announces_gain_map(part.content) for part in described):
        raise GainMapError.of(path, "the gain map that it announces is not in the file, which may have been cut off")
    return None


def read_gain_map(path: Path, stored: StoredGainMap, max_megapixels: float) -> GainMap:
    """Decode the map.

    Raises:
        GainMapError: Truncated, corrupt, or larger than `max_megapixels`.
    """
    with path.open("rb") as stream:
        stream.seek(stored.start)
        content = stream.read(stored.size)
    claimed = frame_of(BytesIO(content))
    if claimed is not None and claimed.width * claimed.height > max_megapixels * 1e6:
        raise GainMapError.of(path, f"expected at most {max_megapixels:g} megapixels, found a gain map of more")
    with reading_gain_map(path):
        return GainMap(decoded(content, path), stored.metadata)


def _with_xmp(base: bytes, packet: bytes) -> tuple[bytes, bytes]:
    """The base, with the packet in the one that it has, since readers look at the first; else a segment to add."""
    own = next((part for part in segments(BytesIO(base)) if part.marker == APP1 and is_xmp(part.content)), None)
    merged = merged_xmp(own.content, packet) if own else b""
    if own is None or not merged or len(merged) > _LONGEST:
        return base, _segment(APP1, packet)
    return base[: own.start] + _segment(APP1, merged) + base[own.start + 4 + len(own.content) :], b""


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _end_of_applications(content: bytes) -> int:
    """Where the last of the segments APP0 to APP15 ends, before the tables."""
    ends = [part.start + 4 + len(part.content) for part in segments(BytesIO(content)) if part.marker in _APPLICATIONS]
    return ends[-1] if ends else 2


def _index(size: int, second_size: int, second_start: int) -> bytes:
    """The multi-picture index: a big-endian TIFF directory of three tags and two entries."""
    after_directory = 8 + 2 + 3 * 12 + 4
    directory = struct.pack(">HHI4s", _VERSION, 7, 4, b"0100") + struct.pack(">HHII", _COUNT, 4, 1, 2)
    directory += struct.pack(">HHII", _ENTRIES, 7, 32, after_directory)
    entries = struct.pack(">IIIHH", _PRIMARY, size, 0, 0, 0) + struct.pack(">IIIHH", 0, second_size, second_start, 0, 0)
    return _INDEX + b"MM\0*" + struct.pack(">IH", 8, 3) + directory + bytes(4) + entries


def _pictures(stream: BinaryIO, parts: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """Start and size of the pictures after the first, as the index of the first has them; cut off with the file."""
    index = next(filter(is_index, parts), None)
    if index is None:
        return
    block = index.content[len(_INDEX) :]
    origin = index.start + 4 + len(_INDEX)
    end = stream.seek(0, 2)
    for size, offset in _index_entries(block)[1:]:
        if offset and size and origin + offset < end:
            yield origin + offset, min(size, end - origin - offset)


def is_index(part: Segment) -> bool:
    """Whether a segment is the index of several pictures."""
    return part.marker == APP2 and part.content.startswith(_INDEX)


def _index_entries(block: bytes) -> list[tuple[int, int]]:
    """Size and offset of each picture; none where the index is damaged."""
    order = BYTE_ORDERS.get(block[:4])
    if order is None:
        return []
    reader = TiffReader(BytesIO(block), order)
    entry = reader.first().entries.get(_ENTRIES)
    table = b"" if entry is None else reader.content(entry, 16 * _MOST_PICTURES)
    rows = struct.iter_unpack(order + "IIIHH", table[: len(table) // 16 * 16])
    return [(row[1], row[2]) for row in rows]

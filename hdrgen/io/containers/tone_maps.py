"""Pictures that are made of a base and its gain map, in files of boxes (ISO/IEC 23008-12: items of the type `tmap`)."""

from io import BytesIO
from typing import BinaryIO, NamedTuple

from hdrgen.io.containers import items
from hdrgen.io.containers.bits import BitReader
from hdrgen.io.containers.boxes import IsoBox, boxes

_TONE_MAP, _MADE_OF = b"tmap", b"dimg"
_MOST = 64
_LONGEST = 1 << 10  # bytes of what the levels mean; ISO 21496-1 has at most 142


class ToneMap(NamedTuple):
    """Such a picture.

    Attributes:
        item: Its number.
        gain: That of the gain map.
        metadata: What the levels of the map mean, as ISO 21496-1 has it.
    """

    item: int
    gain: int
    metadata: bytes


def tone_map_in(stream: BinaryIO, parts: dict[bytes, IsoBox]) -> ToneMap | None:
    """The first one whose base is the picture to show; None where there is none."""
    inputs = _references(stream, parts, _MADE_OF)
    for item in items.items_of(stream, parts, _TONE_MAP):
        base, *gain = inputs.get(item, (0,))
        content = items.data_of(stream, parts, item, _LONGEST)
        if base == items.primary(stream, parts) and len(gain) == 1 and content[:1] == b"\0":
            return ToneMap(item, gain[0], content[1:])
    return None


def with_primary(content: bytes, parts: dict[bytes, IsoBox], item: int) -> bytes:
    """The file with another of its pictures as the one to show, which decoders then decode, tiles and all."""
    result, stream = bytearray(content), BytesIO(content)
    start = parts[b"pitm"].start
    size = 4 if content[start] else 2
    result[start + items.FULL : start + items.FULL + size] = item.to_bytes(size, "big")
    hidden = items.flags_at(stream, parts, item)
    if hidden is not None:
        result[hidden] &= 0xFE  # gain maps are marked as not to be shown, and may then not be the one to show
    return bytes(result)


def _references(stream: BinaryIO, parts: dict[bytes, IsoBox], kind: bytes) -> dict[int, tuple[int, ...]]:
    """Of each item that refers to others in this way, their numbers."""
    if b"iref" not in parts:
        return {}
    start, found = parts[b"iref"].start, dict[int, tuple[int, ...]]()
    size = 4 if items.content_of(stream, parts, b"iref")[:1] > b"\0" else 2
    for part in boxes(stream, start + items.FULL, parts[b"iref"].end):
        if part.kind == kind:
            reader = BitReader(part.content(stream, 4 * _MOST))
            item, count = reader.take_bytes(size), reader.take_bytes(2)
            found[item] = tuple(reader.take_bytes(size) for _ in range(min(count, _MOST)))
    return found

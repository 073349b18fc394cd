"""Marker segments of JPEG files, and what is in them: EXIF, profiles, gain maps, the index of further pictures."""

import re
import struct
from typing import NamedTuple

from benchmarks.fuzz.structures import profile, tiff, wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_SOI, _EOI, _SOS, _APP1, _APP2 = 0xD8, 0xD9, 0xDA, 0xE1, 0xE2
_EXIF, _ICC, _MPF = b"Exif\0\0", b"ICC_PROFILE\0", b"MPF\0"
_XMP, _ISO = b"http://ns.adobe.com/xap/1.0/\0", b"urn:iso:std:iso:ts:21496:-1\0"
_FRAMES = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0))
_MARKERS = (0x00, 0x01, 0xC4, 0xCC, *range(0xD0, 0xE3), 0xEE, 0xFE, 0xFF, *_FRAMES)


class Part(NamedTuple):
    """A marker with its content; the last one has all that follows it, the compressed pixels and further pictures."""

    marker: int
    content: bytes
    length: bytes = b""
    """In place of the true one."""

    def put_together(self) -> bytes:
        """The bytes, with the length that was asked for or the true one."""
        if self.marker == _SOS and not self.length:
            return b"\xff" + bytes((_SOS,)) + self.content
        return struct.pack(">BB", 0xFF, self.marker) + (self.length or self._true_length()) + self.content

    def _true_length(self) -> bytes:
        return ((len(self.content) + 2) % 65536).to_bytes(2, "big")


def taken_apart(content: bytes) -> list[Part]:
    parts, at = [], 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != _SOS:
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        parts.append(Part(content[at + 1], content[at + 4 : end]))
        at = end
    return [*parts, Part(_SOS, content[at + 2 :])]


def put_together(parts: list[Part]) -> bytes:
    return b"\xff\xd8" + b"".join(part.put_together() for part in parts)


def _changed(content: bytes, rng: Generator, fits: object, change: Mutation) -> bytes:
    """The content of one part that begins so, or has one of these markers, changed."""
    parts = taken_apart(content)
    among = [at for at, part in enumerate(parts) if _is(part, fits)]
    if not among:
        return content
    at = wild.chosen(rng, among)
    front = len(fits) if isinstance(fits, bytes) else 0
    part = parts[at]
    parts[at] = part._replace(content=part.content[:front] + change(part.content[front:], rng))
    return put_together(parts)


def _is(part: Part, fits: object) -> bool:
    return part.content.startswith(fits) if isinstance(fits, bytes) else part.marker in fits  # type: ignore[operator]


def lengths(content: bytes, rng: Generator) -> bytes:
    parts = taken_apart(content)
    at = int(rng.integers(len(parts)))
    parts[at] = parts[at]._replace(
        length=wild.chosen(rng, (b"\0\0", b"\0\1", b"\0\2", b"\xff\xff", wild.packed(rng, 2)))
    )
    return put_together(parts)


def order(content: bytes, rng: Generator) -> bytes:
    return put_together(wild.disordered(taken_apart(content), rng))


def markers(content: bytes, rng: Generator) -> bytes:
    """Another kind, or one between the others."""
    parts = taken_apart(content)
    at, new = int(rng.integers(len(parts))), wild.chosen(rng, _MARKERS)
    if rng.random() < 0.5:
        parts[at] = parts[at]._replace(marker=new)
    else:
        parts.insert(at, Part(new, rng.bytes(int(rng.integers(40)))))
    return put_together(parts)


def frame(content: bytes, rng: Generator) -> bytes:
    """Precision, sides, components, sampling."""
    return _changed(content, rng, _FRAMES, wild.field)


def tables(content: bytes, rng: Generator) -> bytes:
    return _changed(content, rng, (0xDB, 0xC4, 0xDD, 0xCC), lambda part, rng: wild.field(part, rng, 0, 20))


def scan(content: bytes, rng: Generator) -> bytes:
    """The header of the first one: components and their tables, spectral selection."""
    return _changed(content, rng, (_SOS,), lambda part, rng: wild.field(part, rng, 0, 12))


def end(content: bytes, rng: Generator) -> bytes:
    """Missing, early, or followed by something."""
    at = content.rfind(b"\xff\xd9")
    ways = (content[:at], content[: at // 2] + b"\xff\xd9", content + rng.bytes(50), content + content)
    return wild.chosen(rng, ways) if at > 0 else content


def exif(content: bytes, rng: Generator) -> bytes:
    return _changed(content, rng, _EXIF, tiff.any_of)


def colours(content: bytes, rng: Generator) -> bytes:
    """The profile, in one part; half of the times the numbers of its parts."""
    if rng.random() < 0.2:
        return _changed(content, rng, _ICC, lambda part, rng: wild.packed(rng, 2) + part[2:])
    return _changed(content, rng, _ICC, lambda part, rng: part[:2] + profile.any_of(part[2:], rng))


def gain_map(content: bytes, rng: Generator) -> bytes:
    """Numbers of its metadata, wherever in the file: NaN and infinite, zero and huge."""
    if rng.random() < 0.5:
        found = list(re.finditer(rb'(?<=<rdf:li>)[-+.\d]+|(?<=hdrgm:)\w+="[^"]*', content))
        if not found:
            return content
        match = wild.chosen(rng, found)
        key, quote, _ = match[0].rpartition(b'"')
        new = key + quote + wild.number(rng)
        return content[: match.start()] + new.ljust(len(match[0]), b" ")[: len(match[0])] + content[match.end() :]
    at = content.rfind(_ISO) + len(_ISO)
    return wild.field(content, rng, at, at + 5 + 16 + 120) if at >= len(_ISO) else content


def further_pictures(content: bytes, rng: Generator) -> bytes:
    """The index: its directory, sizes and places, of which some are those of the first picture itself."""
    if rng.random() < 0.4:
        return _changed(content, rng, _MPF, tiff.any_of)

    def entries(part: bytes, rng: Generator) -> bytes:
        at = len(part) - 16 * int(rng.integers(1, 3)) + 4 * int(rng.integers(1, 3))
        new = wild.chosen(rng, [0, 1, len(content), len(content) - 100, 2**32 - 1, 2**32 - 200, wild.integer(rng, 4)])
        return wild.overwritten(part, at, new.to_bytes(4, "big"))

    return _changed(content, rng, _MPF, entries)


def second_picture(content: bytes, rng: Generator) -> bytes:
    """The map itself, by the kinds of the first picture."""
    at = content.find(b"\xff\xd8\xff", 2)
    way = wild.chosen(rng, (lengths, order, markers, frame, tables, scan, end, colours))
    return content[:at] + way(content[at:], rng) if at > 0 else content


KINDS: dict[str, Mutation] = {
    "lengths of segments": lengths,
    "order and number of segments": order,
    "markers": markers,
    "frame header": frame,
    "tables": tables,
    "scan header": scan,
    "end": end,
    "EXIF": exif,
    "profile": colours,
}
GAIN_MAPS = KINDS | {
    "gain map metadata": gain_map,
    "index of pictures": further_pictures,
    "second picture": second_picture,
}

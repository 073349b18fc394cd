"""Metadata of gain maps, as files store it: ISO 21496-1 (binary) and Android's XMP."""

import math
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from hdrgen.io.gain_maps.gain_map import GainMapError, GainMapMetadata, Triple

_ISO = b"urn:iso:std:iso:ts:21496:-1\0"
ISO_OF_BASE = _ISO + bytes(4)
"""In the base picture: the versions alone."""
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_MULTICHANNEL, _BASE_COLOURS, _COMMON_DENOMINATOR = 0x80, 0x40, 0x08
_LARGEST_DENOMINATOR = 1 << 20
_LIMITS = {"gain": 64.0, "gamma": 1e-3}
_NUMBER = re.compile(rb"[-+0-9.eE]+")
_HEAD = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
_TAIL = "</rdf:RDF></x:xmpmeta>"
_START, _END = b'22-rdf-syntax-ns#">', b"</rdf:RDF>"
_HDRGM = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0"'


def metadata_in_segments(parts: Sequence[bytes], path: Path) -> GainMapMetadata | None:
    """The metadata that the segments of a picture give; ISO's wins. None if the picture is no gain map.

    Raises:
        GainMapError: A gain map on an HDR base, or numbers that no gain has.
    """
    iso = next((part[len(_ISO) :] for part in parts if part.startswith(_ISO) and len(part) > len(ISO_OF_BASE)), None)
    xmp = next((part for part in parts if part.startswith(_XMP) and b"hdrgm:GainMapMax" in part), None)
    found = _from_iso(iso) if iso is not None else _from_xmp(xmp) if xmp is not None else None
    return None if iso is None and xmp is None else _checked(found, path)


def metadata_of_item(content: bytes, path: Path) -> GainMapMetadata:
    """The metadata of ISO 21496-1 in an item of a file of boxes.

    Raises:
        GainMapError: As of `metadata_in_segments`.
    """
    return _checked(_from_iso(content), path)


def _checked(found: GainMapMetadata | None, path: Path) -> GainMapMetadata:
    if found is None:
        raise GainMapError.of(path, "corrupt gain map (its numbers cannot be read)")
    if found.headroom < found.base_headroom:
        raise GainMapError.of(
            path, "this variant of gain map is not read here (the base is the HDR picture); convert it"
        )
    if not _sane(found):
        raise GainMapError.of(path, f"corrupt gain map (gains beyond {_LIMITS['gain']:g} stops or not finite)")
    return found


def _sane(found: GainMapMetadata) -> bool:
    numbers = np.array([found.minimum, found.maximum, found.gamma, found.base_offset, found.offset])
    return bool(
        np.isfinite(numbers).all()
        and (np.abs(numbers) <= _LIMITS["gain"]).all()
        and (numbers[2] >= _LIMITS["gamma"]).all()
        and math.isfinite(found.headroom)
    )


def iso_segment(metadata: GainMapMetadata) -> bytes:
    """ISO 21496-1, Annex C: versions, flags, headrooms, then five fractions for each channel."""
    flags = _MULTICHANNEL | (_BASE_COLOURS if metadata.in_base_colours else 0)
    content = struct.pack(">HHB", 0, 0, flags) + _unsigned(metadata.base_headroom) + _unsigned(metadata.headroom)
    for channel in range(3):
        for values, signed in _fields(metadata):
            content += (_signed if signed else _unsigned)(values[channel])
    return _ISO + content


def _fields(metadata: GainMapMetadata) -> list[tuple[Triple, bool]]:
    """The numbers of a channel in their order, and which are signed."""
    signed = [(metadata.minimum, True), (metadata.maximum, True), (metadata.gamma, False)]
    return [*signed, (metadata.base_offset, True), (metadata.offset, True)]


def _fraction(value: float) -> Fraction:
    return Fraction(value).limit_denominator(_LARGEST_DENOMINATOR)


def _signed(value: float) -> bytes:
    return struct.pack(">iI", *_fraction(value).as_integer_ratio())


def _unsigned(value: float) -> bytes:
    return struct.pack(">II", *_fraction(value).as_integer_ratio())


def _from_iso(content: bytes) -> GainMapMetadata | None:
    try:
        minimum_version, _, flags = struct.unpack_from(">HHB", content)
        if minimum_version != 0:
            return None
        channels = 3 if flags & _MULTICHANNEL else 1
        numbers = _iso_numbers(content[5:], channels, common=bool(flags & _COMMON_DENOMINATOR))
    except (struct.error, ZeroDivisionError):
        return None
    by_channel = np.resize(np.array(numbers[2:]).reshape(channels, 5), (3, 5))
    minimum, maximum, gamma, base_offset, offset = (_triple(column) for column in by_channel.T)
    in_base = bool(flags & _BASE_COLOURS)
    return GainMapMetadata(minimum, maximum, gamma, base_offset, offset, numbers[1], numbers[0], in_base)


def _iso_numbers(content: bytes, channels: int, *, common: bool) -> list[float]:
    """Both headrooms and five numbers a channel; fractions, or numerators of one denominator that comes first."""
    letters = "II" + "iiIii" * channels
    if common:
        denominator, *numerators = struct.unpack_from(">I" + letters, content)
        return [numerator / denominator for numerator in numerators]
    pairs = struct.unpack_from(">" + "".join(letter + "I" for letter in letters), content)
    return [numerator / denominator for numerator, denominator in zip(pairs[::2], pairs[1::2], strict=True)]


def _triple(values: Iterable[float]) -> Triple:
    first, second, third = (float(value) for value in values)
    return first, second, third


def xmp_segment(metadata: GainMapMetadata) -> bytes:
    """The XMP packet of the map: Ultra HDR image format 1.1, section "XMP attributes"."""
    fields = {
        "GainMapMin": metadata.minimum,
        "GainMapMax": metadata.maximum,
        "Gamma": metadata.gamma,
        "OffsetSDR": metadata.base_offset,
        "OffsetHDR": metadata.offset,
    }
    capacities = f'hdrgm:HDRCapacityMin="{metadata.base_headroom:.6f}" hdrgm:HDRCapacityMax="{metadata.headroom:.6f}"'
    listed = "".join(f"<hdrgm:{name}>{_sequence(values)}</hdrgm:{name}>" for name, values in fields.items())
    start = f'<rdf:Description rdf:about="" {_HDRGM} hdrgm:BaseRenditionIsHDR="False" {capacities}>'
    return _XMP + f"{_HEAD}{start}{listed}</rdf:Description>{_TAIL}".encode()


def _sequence(values: Triple) -> str:
    return f"<rdf:Seq>{''.join(f'<rdf:li>{value:.6f}</rdf:li>' for value in values)}</rdf:Seq>"


def xmp_of_base(size: int) -> bytes:
    """The XMP packet of the base, which says that a gain map of `size` bytes follows (GContainer)."""
    spaces = (
        'xmlns:Container="http://ns.google.com/photos/1.0/container/"'
        ' xmlns:Item="http://ns.google.com/photos/1.0/container/item/"'
    )
    items = [("Primary", ""), ("GainMap", f' Item:Length="{size}"')]
    described = (f'Item:Semantic="{name}" Item:Mime="image/jpeg"{extra}' for name, extra in items)
    listed = "".join(f'<rdf:li rdf:parseType="Resource"><Container:Item {item}/></rdf:li>' for item in described)
    directory = f"<Container:Directory><rdf:Seq>{listed}</rdf:Seq></Container:Directory>"
    whole = f'<rdf:Description rdf:about="" {spaces} {_HDRGM}>{directory}</rdf:Description>'
    return _XMP + f"{_HEAD}{whole}{_TAIL}".encode()


def announces_gain_map(content: bytes) -> bool:
    """Whether the content of a segment of the base says that a gain map belongs to it."""
    return content.startswith(_ISO) or (is_xmp(content) and b"hdrgm:Version" in content)


def is_xmp(content: bytes) -> bool:
    """Whether the content of a segment is an XMP packet."""
    return content.startswith(_XMP)


def merged_xmp(packet: bytes, other: bytes) -> bytes:
    """A packet with the descriptions of another as its last ones; empty where it has no place for them."""
    before, end, after = packet.rpartition(_END)
    described = other.partition(_START)[2].rpartition(_END)[0]
    return before + described + end + after if end else b""


def _from_xmp(packet: bytes) -> GainMapMetadata | None:
    """By patterns rather than by an XML parser, which hostile files know ways to keep busy."""
    names = {"GainMapMin": 0.0, "GainMapMax": None, "Gamma": 1.0, "OffsetSDR": 1 / 64, "OffsetHDR": 1 / 64}
    found = {name: _xmp_numbers(packet, name, default) for name, default in names.items()}
    capacity = _xmp_numbers(packet, "HDRCapacityMax", None)
    minimum, maximum, gamma, base_offset, offset = found.values()
    if not (minimum and maximum and gamma and base_offset and offset and capacity):
        return None
    result = GainMapMetadata(minimum, maximum, gamma, base_offset, offset, capacity[0])
    hdr_base = b'hdrgm:BaseRenditionIsHDR="True"' in packet
    return replace(result, base_headroom=result.headroom + 1) if hdr_base else result


def _xmp_numbers(packet: bytes, name: str, default: float | None) -> Triple | None:
    """An attribute of one number, or an element of one or three; the default where there is none."""
    key = re.escape(f"hdrgm:{name}".encode())
    attribute = re.search(key + rb'\s*=\s*["\']([^"\']{1,40})["\']', packet)
    element = re.search(rb"<" + key + rb">(.{1,600}?)</" + key + rb">", packet, re.DOTALL)
    if attribute is None and element is None:
        return None if default is None else (default,) * 3
    text = attribute[1] if attribute else _without_markup(element)
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        return None
    return _triple(numbers * (3 // len(numbers))) if len(numbers) in (1, 3) else None


def _without_markup(element: re.Match[bytes] | None) -> bytes:
    return re.sub(rb"<[^<>]*>", b" ", element[1]) if element else b""

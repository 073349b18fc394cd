"""OpenEXR: attributes, tables of places, chunks."""

import struct
from typing import NamedTuple

from benchmarks.fuzz.structures import wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_FRONT = 8
_TYPES = (b"box2i", b"chlist", b"chromaticities", b"compression", b"double", b"float", b"int", b"lineOrder", b"string")
_TYPES += (b"stringvector", b"tiledesc", b"v2f", b"preview", b"rational", b"m44f", b"deepImageState", b"unknown", b"")
_NAMES = (b"\n", b"\x1b[31m", b"\xff\xfe", b"a" * 300, b"", b"R", b"left.R", b"Y", b"BY", "ü".encode())
_FLOATS = (b"isoSpeed", b"expTime", b"aperture", b"hdrgen:ev", b"pixelAspectRatio", b"ExposureTime", b"FNumber")


class Attribute(NamedTuple):
    """One of the header."""

    name: bytes
    kind: bytes
    content: bytes
    size: bytes = b""
    """In place of the true one."""

    def put_together(self) -> bytes:
        """The bytes, with the length that was asked for or the true one."""
        size = self.size or struct.pack("<I", len(self.content))
        return self.name + b"\0" + self.kind + b"\0" + size + self.content


class Exr(NamedTuple):
    """A file of one part; `pixels` begin with the table of places."""

    front: bytes
    attributes: list[Attribute]
    pixels: bytes

    def put_together(self) -> bytes:
        """The bytes, with the length that was asked for or the true one."""
        return self.front + b"".join(one.put_together() for one in self.attributes) + b"\0" + self.pixels


def taken_apart(content: bytes) -> Exr:
    attributes, at = [], _FRONT
    while at < len(content) and content[at] and content.count(b"\0", at) > 1:
        name, kind = content[at:].split(b"\0", 2)[:2]
        start = at + len(name) + len(kind) + 2
        end = start + 4 + int.from_bytes(content[start : start + 4], "little")
        attributes.append(Attribute(name, kind, content[start + 4 : end]))
        at = end
    return Exr(content[:_FRONT], attributes, content[at + 1 :])


def _changed(whole: bytes, rng: Generator, names: tuple[bytes, ...], **new: object) -> bytes:
    """Parts of one attribute, one of `names` if there are any; a callable is called with it."""
    exr = taken_apart(whole)
    among = [at for at, one in enumerate(exr.attributes) if not names or one.name in names]
    if not among:
        return whole
    at = wild.chosen(rng, among)
    one = exr.attributes[at]
    exr.attributes[at] = one._replace(**{key: value(one) if callable(value) else value for key, value in new.items()})
    return exr.put_together()


def sizes(content: bytes, rng: Generator) -> bytes:
    return _changed(content, rng, (), size=wild.packed(rng, 4, "<"))


def types(content: bytes, rng: Generator) -> bytes:
    return _changed(content, rng, (), kind=wild.chosen(rng, _TYPES))


def names(content: bytes, rng: Generator) -> bytes:
    return _changed(content, rng, (), name=wild.chosen(rng, _NAMES))


def order(content: bytes, rng: Generator) -> bytes:
    exr = taken_apart(content)
    return exr._replace(attributes=wild.disordered(exr.attributes, rng)).put_together()


def windows(content: bytes, rng: Generator) -> bytes:
    """Empty, turned round, at the edges of what an integer holds."""
    numbers = [
        wild.chosen(rng, (0, 1, -1, 79, 63, 8191, 2**31 - 1, -(2**31), 2**30, -(2**30), 100_000)) for _ in range(4)
    ]
    return _changed(content, rng, (b"dataWindow", b"displayWindow"), content=struct.pack("<4i", *numbers))


def small_numbers(content: bytes, rng: Generator) -> bytes:
    """Compression, order of lines, tiles: one byte or more."""
    wanted = (b"compression", b"lineOrder", b"tiles", b"screenWindowWidth", b"screenWindowCenter")
    return _changed(content, rng, wanted, content=lambda one: wild.field(one.content, rng))


def channels(content: bytes, rng: Generator) -> bytes:
    """Names, types, sampling; hundreds of them."""
    if rng.random() < 0.5:
        return _changed(content, rng, (b"channels",), content=lambda one: wild.field(one.content, rng))
    count = int(wild.chosen(rng, (0, 1, 2, 3, 4, 5, 500)))
    listed = b"".join(_channel(rng, at) for at in range(count)) + b"\0"
    return _changed(content, rng, (b"channels",), content=listed)


def _channel(rng: Generator, at: int) -> bytes:
    name = wild.chosen(rng, (*_NAMES, b"R", b"G", b"B", b"c%d" % at))
    kind, sampling = int(wild.chosen(rng, (0, 1, 1, 2, 3, 2**31))), wild.chosen(rng, (1, 1, 1, 0, 2, -1, 2**31 - 1))
    return name + b"\0" + struct.pack("<IIii", kind, 0, sampling, 1)


def further_attributes(content: bytes, rng: Generator) -> bytes:
    """Exposures and colours that are NaN, zero, huge; two pictures of texts."""
    exr = taken_apart(content)
    new = [Attribute(b"chromaticities", b"chromaticities", wild.reals(rng, 8))] * 3
    new += [Attribute(b"chromaticities", b"chromaticities", struct.pack("<f", 0.25) * 8)]
    new += [Attribute(name, b"float", wild.reals(rng, 1)) for name in _FLOATS]
    new += [Attribute(b"preview", b"preview", wild.packed(rng, 4, "<") * 2 + bytes(40))]
    new += [Attribute(b"Make", b"string", wild.chosen(rng, _NAMES)), Attribute(b"Orientation", b"int", rng.bytes(4))]
    new += [Attribute(b"ICCProfile", b"string", rng.bytes(200)), Attribute(b"owner", b"string", b"x" * 100_000)]
    exr.attributes.insert(int(rng.integers(len(exr.attributes) + 1)), wild.chosen(rng, new))
    return exr.put_together()


def version(content: bytes, rng: Generator) -> bytes:
    """Flags: tiles, long names, deep pixels, several parts."""
    return wild.overwritten(content, 4, wild.chosen(rng, (bytes((2, int(rng.integers(256)), 0, 0)), rng.bytes(4))))


def places(content: bytes, rng: Generator) -> bytes:
    """Of chunks: none, all the same, in the header, past the end."""
    exr = taken_apart(content)
    at = 8 * int(rng.integers(8))
    new = struct.pack("<Q", wild.chosen(rng, (0, 8, len(content) - 1, 2**63, 2**64 - 1, wild.integer(rng, 4))))
    count = int(wild.chosen(rng, (1, 1, 64)))
    return exr._replace(pixels=wild.overwritten(exr.pixels, at, new * count)).put_together()


def chunks(content: bytes, rng: Generator) -> bytes:
    """The row or tile that one says it is, its size, its first bytes."""
    exr = taken_apart(content)
    start = int.from_bytes(exr.pixels[:8], "little") - (len(content) - len(exr.pixels))
    return exr._replace(pixels=wild.field(exr.pixels, rng, max(0, start), start + 40)).put_together()


KINDS: dict[str, Mutation] = {
    "sizes of attributes": sizes,
    "types of attributes": types,
    "names of attributes": names,
    "order and number of attributes": order,
    "windows": windows,
    "compression, tiles": small_numbers,
    "channels": channels,
    "further attributes": further_attributes,
    "version": version,
    "places of chunks": places,
    "chunks": chunks,
    "cut": wild.cut,
}

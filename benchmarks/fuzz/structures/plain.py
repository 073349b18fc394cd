"""Radiance files, NumPy's arrays, and codestreams of JPEG XL."""

import struct
from io import BytesIO

import numpy as np

from benchmarks.fuzz.structures import boxes, wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_LINES = (
    b"FORMAT=32-bit_rle_xyze",
    b"FORMAT=",
    b"EXPOSURE=nan",
    b"EXPOSURE=0",
    b"EXPOSURE=1e400",
    b"GAMMA=0",
    b"#?RGBE",
)
_LINES += (
    b"PRIMARIES=0 0 0 0 0 0 0 0",
    b"PRIMARIES=.3 .3 .3 .3 .3 .3 .3 .3",
    b"PRIMARIES=nan " * 8,
    b"\0",
    b"=" * 100_000,
)
_LINES += (
    b"PRIMARIES=1e30 1e-30 0.3 0.6 0.15 0.06 0.31 0.33",
    b"PRIMARIES=.1 .1 .2 .2 .3 .3 .3 .3",
    b"COLORCORR=0 0 0",
    b"",
)
_SIDES = (0, 1, 7, 8, 63, 64, 80, 32767, 32768, 65535, 10**6, 2**31 - 1, 2**31, 2**32, -1, 10**30)
_DESCR = ("'<f4'", "'>f8'", "'|O'", "'<U9'", "'|V0'", "[('a','<f4')]", "[('a','<f4',(9,9))]", "'<c8'", "'|u1'", "'<f2'")
_DESCR += (
    "'<f4,<f4'",
    "5",
    "None",
    "{}",
    "('<f4',(1000000000,))",
    "'<M8[ns]'",
    "'|S2147483648'",
    "[]",
    "'?'",
    "'<f16'",
)
_SHAPES = ("()", "(3,)", "(0,0,3)", "(64,80,3)", "(-1,80,3)", "(64,80,3,1)", "(4294967296,4294967296,3)", "(64.0,80,3)")
_SHAPES += (
    "(True,80,3)",
    "[64,80,3]",
    "(9999999999999999999999,3,3)",
    "(2147483648,1,3)",
    "(64,-80,-3)",
    "({},)",
    "(1,)*9",
)


def resolution(content: bytes, rng: Generator) -> bytes:
    head, end, rest = content.partition(b"\n\n")
    _, _, pixels = rest.partition(b"\n")
    signs, sides = [wild.chosen(rng, ("+", "-", "")) for _ in range(2)], [wild.chosen(rng, _SIDES) for _ in range(2)]
    axes = wild.chosen(rng, ("YX", "YX", "XY", "XX", "Y ", "  "))
    line = f"{signs[0]}{axes[0]} {sides[0]} {signs[1]}{axes[1]} {sides[1]}"
    return head + end + line.encode() + wild.chosen(rng, (b"\n", b"\n", b"\r\n", b"")) + pixels


def header_lines(content: bytes, rng: Generator) -> bytes:
    head, end, rest = content.partition(b"\n\n")
    lines = head.split(b"\n")
    if rng.random() < 0.5:
        lines.insert(int(rng.integers(1, len(lines) + 1)), wild.chosen(rng, _LINES))
    else:
        lines[1:] = wild.disordered(lines[1:], rng)
    return b"\n".join(lines) + wild.chosen(rng, (end, end, end, b"\n", b"")) + rest


def scanlines(content: bytes, rng: Generator) -> bytes:
    """Marks of compressed rows and lengths of runs."""
    at = content.find(b"\n", content.find(b"\n\n") + 2) + 1
    marks = [place for place in range(at, len(content) - 4) if content[place : place + 2] == b"\2\2"]
    if marks and rng.random() < 0.5:
        return wild.overwritten(content, wild.chosen(rng, marks) + int(rng.integers(2, 6)), rng.bytes(1))
    return wild.field(content, rng, at, at + 400)


RADIANCE: dict[str, Mutation] = {
    "resolution": resolution,
    "lines of the header": header_lines,
    "scan lines": scanlines,
    "cut": wild.cut,
}


def _array(version: bytes, header: bytes, pixels: bytes, length: int | None = None) -> bytes:
    size = 2 if version[:1] == b"\1" else 4
    return (
        b"\x93NUMPY" + version + (len(header) if length is None else length).to_bytes(size, "little") + header + pixels
    )


def fields(content: bytes, rng: Generator) -> bytes:
    """Type, shape and order."""
    descr, shape = wild.chosen(rng, _DESCR), wild.chosen(rng, _SHAPES)
    order = wild.chosen(rng, ("False", "False", "True", "None", "1"))
    keys = wild.chosen(rng, ("'descr': {}, 'fortran_order': {}, 'shape': {}", "'descr': {}, 'order': {}, 'shape': {}"))
    text = "{" + keys.format(descr, order, shape) + wild.chosen(rng, (", }", "}", ", 'x': 1}", ""))
    return _array(wild.chosen(rng, (b"\1\0", b"\2\0", b"\3\0")), text.encode() + b"\n", content[128:])


def nesting(content: bytes, rng: Generator) -> bytes:
    """Source text that keeps a parser busy."""
    depth = int(wild.chosen(rng, (10, 90, 300, 3000, 9000)))
    texts = ("(" * depth, "[" * depth + "]" * depth, "-" * depth + "1", "1+" * depth + "1", "{1:" * depth, "1," * depth)
    texts += (
        "9" * depth,
        "'" + "\\x00" * depth + "'",
        "not " * depth + "1",
        "a." * depth,
        "\\\n" * depth,
        "1if 1else " * depth,
    )
    return _array(b"\1\0", wild.chosen(rng, texts).encode()[:9990] + b"\n", content[128:])


def lengths(content: bytes, rng: Generator) -> bytes:
    return _array(
        wild.chosen(rng, (b"\1\0", b"\2\0", b"\3\0", b"\4\0")), content[10:128], content[128:], wild.integer(rng, 2)
    )


def others(content: bytes, rng: Generator) -> bytes:
    """Archives of arrays, and pickles, under the same name."""
    packed = BytesIO()
    np.savez(packed, a=np.zeros((2, 2, 3)))
    archive = packed.getvalue()
    ways = (archive, wild.cut(archive, rng, 4), b"PK\3\4" + content, b"\x80\4cos\nsystem\n" + content)
    return wild.chosen(rng, (*ways, b"PK\5\6" + bytes(18), wild.field(archive, rng)))


def pixels(content: bytes, rng: Generator) -> bytes:
    """NaN and infinities; too few, none."""
    ways = (wild.cut(content, rng, 128), content[:128], content[:128] + wild.reals(rng, 64 * 80 * 3))
    return wild.chosen(rng, ways)


ARRAYS: dict[str, Mutation] = {
    "fields": fields,
    "nested header": nesting,
    "lengths": lengths,
    "other files": others,
    "pixels": pixels,
}


def size_header(content: bytes, rng: Generator) -> bytes:
    """The first bits of the codestream, wherever it is: sides, ratio, orientation, preview, animation."""
    at = content.find(b"\xff\x0a", 0 if content[:1] == b"\xff" else 12) + 2
    new = rng.bytes(int(rng.integers(1, 10)))
    return content if at < 2 else wild.overwritten(content, at + int(rng.integers(4)), new)


def pieces(content: bytes, rng: Generator) -> bytes:
    """The codestream in numbered parts, out of order, twice, or empty."""
    at = content.find(b"\xff\x0a", 0 if content[:1] == b"\xff" else 12)
    stream, step = content[max(0, at) :], int(rng.integers(8, 400))
    parts = [stream[start : start + step] for start in range(0, min(len(stream), 50 * step), step)]
    listed = [struct.pack(">I", number) + part for number, part in enumerate(parts)]
    listed = wild.disordered(listed, rng)
    if rng.random() < 0.5:
        listed[-1:] = [struct.pack(">I", 2**31 + len(listed)) + part[4:] for part in listed[-1:]]
    front = b"\0\0\0\x0cJXL \r\n\x87\n" + boxes.Node(b"ftyp", b"jxl \0\0\0\0jxl ").put_together()
    return front + b"".join(boxes.Node(b"jxlp", part).put_together() for part in listed)


CODESTREAMS: dict[str, Mutation] = {"size header": size_header, "codestream in parts": pieces}

"""ISO base media files: AVIF, and the containers of JPEG XL."""

from typing import NamedTuple

from benchmarks.fuzz.structures import wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_HOLDERS = {b"meta": 4, b"iprp": 0, b"ipco": 0, b"iinf": 6, b"dinf": 0, b"iref": 4, b"grpl": 0}
_HOLDERS |= dict.fromkeys((b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"udta"), 0)
"""Bytes in front of the boxes within a box, by its type."""
_DEEPEST = 20
_DEEP = (2, 10, 100, 2000)


class Node(NamedTuple):
    """A box: what is in front of the boxes in it, and these; or its content alone. `size` replaces the true one."""

    kind: bytes
    head: bytes
    inner: tuple["Node", ...] = ()
    size: bytes = b""

    def put_together(self) -> bytes:
        """The bytes, with the length that was asked for or the true one."""
        content = self.head + b"".join(node.put_together() for node in self.inner)
        return (self.size or (len(content) + 8).to_bytes(4, "big") + self.kind) + content


def taken_apart(content: bytes, depth: int = 0) -> tuple[Node, ...]:
    """The boxes that follow each other; those that lie deep stay whole."""
    nodes, at = [], 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big") or len(content) - at
        if size < 8 or at + size > len(content):
            break
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + size]
        front = _HOLDERS.get(kind)
        inner = () if front is None or depth > _DEEPEST else taken_apart(body[front:], depth + 1)
        nodes.append(Node(kind, body[:front] if inner else body, inner))
        at += size
    return (*nodes, Node(b"", content[at:], (), b"\0")) if at < len(content) else tuple(nodes)


def changed(nodes: tuple[Node, ...], rng: Generator, change: Mutation | None, depth: int = 0) -> tuple[Node, ...]:
    """One box somewhere below changed (`change` makes it of the box as bytes), or where it lies."""
    at = int(rng.integers(len(nodes))) if nodes else 0
    if nodes and nodes[at].inner and rng.random() < 0.85:
        inner = changed(nodes[at].inner, rng, change, depth + 1)
        return (*nodes[:at], nodes[at]._replace(inner=inner), *nodes[at + 1 :])
    if change is None:
        return tuple(wild.disordered(nodes, rng))
    if not nodes:
        return nodes
    new = change(nodes[at].put_together(), rng)
    return (*nodes[:at], Node(new[4:8], new[8:], (), new[:8]), *nodes[at + 1 :])


def _mutation(change: Mutation | None) -> Mutation:
    def mutation(content: bytes, rng: Generator) -> bytes:
        return b"".join(node.put_together() for node in changed(taken_apart(content), rng, change))

    return mutation


def _size(box: bytes, rng: Generator) -> bytes:
    return wild.packed(rng, 4) + box[4:]


def _long_size(box: bytes, rng: Generator) -> bytes:
    true = (len(box) + 8).to_bytes(8, "big")
    return b"\0\0\0\1" + box[4:8] + (true if rng.random() < 0.3 else wild.packed(rng, 8)) + box[8:]


def _kind(box: bytes, rng: Generator) -> bytes:
    known = [
        *_HOLDERS,
        b"ispe",
        b"pixi",
        b"colr",
        b"irot",
        b"iloc",
        b"ipma",
        b"pitm",
        b"infe",
        b"Exif",
        b"jxlp",
        b"jxlc",
    ]
    return box[:4] + wild.chosen(rng, known) + box[8:]


def _fields(box: bytes, rng: Generator) -> bytes:
    for _ in range(int(rng.integers(1, 4))):
        box = wild.field(box, rng, 8, 8 + 64)
    return box


def _cut(box: bytes, rng: Generator) -> bytes:
    """Its size is true again."""
    end = int(rng.integers(8, max(8, len(box)) + 1))
    return end.to_bytes(4, "big") + box[4:end]


def _nested(box: bytes, rng: Generator) -> bytes:
    kind = wild.chosen(rng, [box[4:8], b"meta", b"iprp", b"ipco"])
    for _ in range(wild.chosen(rng, _DEEP)):
        box = (len(box) + 8).to_bytes(4, "big") + kind + box
    return box


KINDS: dict[str, Mutation] = {
    "box sizes": _mutation(_size),
    "boxes of 64-bit size": _mutation(_long_size),
    "types of boxes": _mutation(_kind),
    "fields of boxes": _mutation(_fields),
    "cut boxes": _mutation(_cut),
    "nested boxes": _mutation(_nested),
    "order and number of boxes": _mutation(None),
}

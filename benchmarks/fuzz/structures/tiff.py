"""Directories of TIFF files, BigTIFF too, of DNG, and of EXIF blocks."""

from typing import NamedTuple

from benchmarks.fuzz.structures import wild
from benchmarks.fuzz.structures.wild import Generator, Mutation

_STRUCTURAL = (256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 317, 322, 323, 324, 325, 330, 338, 339)
_STRUCTURAL += (33421, 33422, 50706, 50711, 50713, 50714, 50717, 50721, 50728, 50829, 34675, 34665, 33434, 34855)
_SIDES = (256, 257, 278, 322, 323)
_PLACES = (273, 279, 324, 325)
_KINDS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 255, 65535)


class Layout(NamedTuple):
    """Where the numbers of a file are: byte order, and bytes of a place, of a directory's count and of an entry."""

    order: str
    place: int
    count: int
    entry: int

    def number(self, content: bytes, at: int, size: int) -> int:
        """The one at a place; 0 past the end."""
        return int.from_bytes(content[at : at + size], "little" if self.order == "<" else "big")

    def bytes_of(self, number: int, size: int) -> bytes:
        """A number in the order of the file."""
        return (number % 256**size).to_bytes(size, "little" if self.order == "<" else "big")


def layout_of(content: bytes) -> Layout | None:
    order = {b"II": "<", b"MM": ">"}.get(content[:2])
    if order is None:
        return None
    big = content[2:4] in (b"+\0", b"\0+")
    return Layout(order, 8, 8, 20) if big else Layout(order, 4, 2, 12)


def directories(content: bytes, layout: Layout) -> list[int]:
    """Where they begin, with those within them."""
    waiting, found = [layout.number(content, layout.place, layout.place)], list[int]()
    while waiting and len(found) < 16:
        start = waiting.pop()
        if not 0 < start < len(content) or start in found:
            continue
        found.append(start)
        places = entries(content, layout, start)
        end = start + layout.count + layout.entry * len(places)
        waiting.append(layout.number(content, end, layout.place))
        for at in places:
            if layout.number(content, at, 2) in (330, 34665, 40965):
                waiting.append(layout.number(content, at + 4 + layout.place, layout.place))
    return found


def entries(content: bytes, layout: Layout, start: int) -> list[int]:
    """Where the entries of a directory begin."""
    count = min(layout.number(content, start, layout.count), 200)
    first = start + layout.count
    return [at for at in range(first, first + count * layout.entry, layout.entry) if at + layout.entry <= len(content)]


def _somewhere(content: bytes, rng: Generator) -> tuple[Layout, int, list[int]] | None:
    layout = layout_of(content)
    found = directories(content, layout) if layout else []
    if layout is None or not found:
        return None
    start = wild.chosen(rng, found)
    return layout, start, entries(content, layout, start)


def next_directory(content: bytes, rng: Generator) -> bytes:
    """Points to itself, to another, into pixels, past the end."""
    if (place := _somewhere(content, rng)) is None:
        return content
    layout, start, listed = place
    ends = [start, *directories(content, layout), 1, len(content) - 1, len(content) + 7, wild.integer(rng, 4)]
    at = wild.chosen(rng, [layout.place, start + layout.count + layout.entry * len(listed)])
    return wild.overwritten(content, at, layout.bytes_of(wild.chosen(rng, ends), layout.place))


def number_of_entries(content: bytes, rng: Generator) -> bytes:
    if (place := _somewhere(content, rng)) is None:
        return content
    layout, start, _ = place
    return wild.overwritten(content, start, wild.packed(rng, layout.count, layout.order))


def _entry(content: bytes, rng: Generator, tags: tuple[int, ...] = _STRUCTURAL) -> tuple[Layout, int] | None:
    """One of those that say most, if there is one."""
    if (place := _somewhere(content, rng)) is None or not place[2]:
        return None
    layout, _, listed = place
    preferred = [at for at in listed if layout.number(content, at, 2) in tags]
    return layout, wild.chosen(rng, preferred if preferred and rng.random() < 0.8 else listed)


def types(content: bytes, rng: Generator) -> bytes:
    if (place := _entry(content, rng)) is None:
        return content
    layout, at = place
    return wild.overwritten(content, at + 2, layout.bytes_of(wild.chosen(rng, _KINDS), 2))


def counts(content: bytes, rng: Generator) -> bytes:
    if (place := _entry(content, rng)) is None:
        return content
    layout, at = place
    return wild.overwritten(content, at + 4, wild.packed(rng, layout.place, layout.order))


def values(content: bytes, rng: Generator) -> bytes:
    """Of an entry, in place or where they are."""
    if (place := _entry(content, rng)) is None:
        return content
    layout, at = place
    field = at + 4 + layout.place
    target = layout.number(content, field, layout.place)
    if rng.random() < 0.5 and 8 <= target < len(content):
        return wild.field(content, rng, target, target + 64)
    short = layout.number(content, at + 2, 2) == 3
    return wild.overwritten(content, field, wild.packed(rng, 2 if short else layout.place, layout.order))


def places(content: bytes, rng: Generator) -> bytes:
    """Of strips and tiles: all the same, past the end, in the directory itself; and their sizes."""
    if (place := _entry(content, rng, _PLACES)) is None:
        return content
    layout, at = place
    field = at + 4 + layout.place
    target = layout.number(content, field, layout.place)
    new = wild.chosen(rng, [at, 0, 8, len(content) - 1, len(content) + 5, wild.integer(rng, 4)])
    if layout.number(content, at + 4, layout.place) > 1 and target < len(content):
        count = min(layout.number(content, at + 4, layout.place), 64)
        return wild.overwritten(content, target, layout.bytes_of(new, 4) * count)
    return wild.overwritten(content, field, layout.bytes_of(new, layout.place))


def sides(content: bytes, rng: Generator) -> bytes:
    """Of picture, strips, tiles: 0, absurd, or one that does not fit the others."""
    if (place := _entry(content, rng, _SIDES)) is None:
        return content
    layout, at = place
    content = wild.overwritten(content, at + 2, layout.bytes_of(4, 2))
    value = wild.integer(rng, int(wild.chosen(rng, (1, 2, 4))))
    return wild.overwritten(content, at + 4 + layout.place, layout.bytes_of(value, 4))


def tags(content: bytes, rng: Generator) -> bytes:
    """Another one, so that it is missing, or there twice, or of the wrong kind."""
    if (place := _entry(content, rng)) is None:
        return content
    layout, at = place
    return wild.overwritten(content, at, layout.bytes_of(wild.chosen(rng, _STRUCTURAL), 2))


def order_of_entries(content: bytes, rng: Generator) -> bytes:
    if (place := _somewhere(content, rng)) is None or len(place[2]) < 2:
        return content
    layout, _, listed = place
    first, second = (wild.chosen(rng, listed) for _ in range(2))
    kept = content[first : first + layout.entry]
    content = wild.overwritten(content, first, content[second : second + layout.entry])
    return wild.overwritten(content, second, kept)


KINDS: dict[str, Mutation] = {
    "next directory": next_directory,
    "number of entries": number_of_entries,
    "types of entries": types,
    "counts of entries": counts,
    "values of entries": values,
    "places of strips and tiles": places,
    "sides": sides,
    "tags": tags,
    "order of entries": order_of_entries,
    "cut": wild.cut,
}


def any_of(content: bytes, rng: Generator) -> bytes:
    """One of these, of a block within another file."""
    return wild.chosen(rng, list(KINDS.values()))(content, rng)

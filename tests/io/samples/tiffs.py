"""TIFF files byte by byte, with what no writer here writes."""

import struct

SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 10: 8, 16: 8}
LETTERS = {1: "B", 2: "B", 3: "H", 4: "I", 5: "II", 10: "ii", 16: "Q"}


def tiff_bytes(tags, blocks, *, order="<", big=False, tiled=False):
    """A file of one page: `tags` are (tag, type, values), `blocks` the bytes of its strips or tiles."""
    wide, place = ("Q", 16) if big else ("I", 4)
    offsets, sizes = (324, 325) if tiled else (273, 279)
    head = 16 if big else 8
    starts = [head + sum(map(len, blocks[:index])) for index in range(len(blocks))]
    body = b"".join(blocks)
    at = head + len(body)
    entries, further = [], b""
    everything = [*tags, (offsets, place, starts), (sizes, place, [len(block) for block in blocks])]
    after = at + (8 + 20 * len(everything) + 8 if big else 2 + 12 * len(everything) + 4)
    for tag, kind, values in sorted(everything):
        content = struct.pack(order + LETTERS[kind] * (len(values) // len(LETTERS[kind])), *values)
        number, room = len(content) // SIZES[kind], struct.calcsize(wide)
        if len(content) > room:
            field, further = struct.pack(order + wide, after + len(further)), further + content
        else:
            field = content.ljust(room, b"\0")
        entries.append(struct.pack(order + "HH" + wide, tag, kind, number) + field)
    count = struct.pack(order + ("Q" if big else "H"), len(entries))
    mark = b"II" if order == "<" else b"MM"
    start = struct.pack(order + "HHHQ", 43, 8, 0, at) if big else struct.pack(order + "HI", 42, at)
    return mark + start + body + count + b"".join(entries) + bytes(struct.calcsize(wide)) + further

"""Items in files of boxes, laid out byte by byte as ISO/IEC 23008-12 and 14496-12 say."""

import struct
from io import BytesIO

import pytest

from hdrgen.io.containers import boxes as boxes_module
from hdrgen.io.containers.boxes import box, boxes, full_box
from hdrgen.io.containers.items import content_of, data_of, items_of, parts_of, place_of, primary, properties

MEDIA = b"0123456789abcdefghij"


def laid_out(*inner, version=0):
    """A stream of the media and a meta box; its parts."""
    stream = BytesIO(MEDIA + full_box(b"meta", b"".join(inner), version))
    (meta,) = boxes(stream, len(MEDIA), len(stream.getvalue()))
    return stream, parts_of(stream, meta)


def location(pieces, item=1, *, version=1, space=0, base=None, sizes=(4, 4), before=()):
    """An item location box of one item, behind others."""
    number = "I" if version > 1 else "H"
    letters = {0: "", 4: "I", 8: "Q"}
    wide = 0 if base is None else 4
    head = bytes([sizes[0] << 4 | sizes[1], wide << 4 | (4 if version else 0)])
    content = head + struct.pack(f">{number}", len(before) + 1)
    for each in (*before, item):
        content += struct.pack(f">{number}", each) + (struct.pack(">H", space) if version else b"")
        content += struct.pack(">H", 0) + (b"" if base is None else struct.pack(">I", base))
        content += struct.pack(">H", len(pieces))
        for offset, length in pieces:
            content += struct.pack(">I", 77) if version else b""
            content += struct.pack(f">{letters[sizes[0]]}", *[offset][: bool(sizes[0])])
            content += struct.pack(f">{letters[sizes[1]]}", *[length][: bool(sizes[1])])
    return full_box(b"iloc", content, version)


@pytest.mark.parametrize("version", [0, 1, 2])
@pytest.mark.parametrize("sizes", [(4, 4), (8, 8), (4, 8)])
@pytest.mark.parametrize("base", [None, 3])
def test_pieces_are_put_together_and_end_where_they_end(version, sizes, base):
    stream, parts = laid_out(
        location([(2, 3), (9, 1), (5, 2)], version=version, sizes=sizes, base=base, before=(7, 258))
    )
    shift = base or 0
    expected = b"".join(MEDIA[shift + at : shift + at + length] for at, length in ((2, 3), (9, 1), (5, 2)))
    assert data_of(stream, parts, 1, 100) == expected
    assert data_of(stream, parts, 258, 100) == expected
    assert data_of(stream, parts, 1, 4) == expected[:4]
    assert data_of(stream, parts, 2, 100) == b""


def test_a_piece_without_a_length_reaches_to_the_end():
    stream, parts = laid_out(location([(15, 0)], sizes=(4, 0)))
    assert data_of(stream, parts, 1, 5) == MEDIA[15:]
    assert data_of(stream, parts, 1, 1000) == stream.getvalue()[15:]
    stream, parts = laid_out(location([(1, 0)], space=1), box(b"idat", b"within"))
    assert data_of(stream, parts, 1, 1000) == b"ithin"


def test_data_within_the_description_end_with_their_box():
    stream, parts = laid_out(location([(2, 100)], space=1), box(b"idat", b"within"), box(b"free", b"behind"))
    assert data_of(stream, parts, 1, 1000) == b"thin"
    stream, parts = laid_out(location([(60, 2)], space=1), box(b"idat", b"within"))
    assert data_of(stream, parts, 1, 1000) == b""


@pytest.mark.parametrize("space", [1, 2, 15])
def test_data_that_are_elsewhere_or_nowhere_are_none(space):
    stream, parts = laid_out(location([(0, 3)], space=space))
    assert data_of(stream, parts, 1, 1000) == b""
    assert data_of(*laid_out(), 1, 1000) == b""


def test_the_space_is_the_last_four_bits():
    found = place_of(location([(2, 3)], space=0xFFF1)[8:], 1)
    assert (found.space, found.pieces) == (1, ((2, 3),))


def entry(number, kind, version=2):
    return full_box(b"infe", struct.pack(">IH" if version > 2 else ">HH", number, 0) + kind + b"a name\0", version)


@pytest.mark.parametrize("version", [0, 1])
def test_items_are_found_by_their_kind(version):
    count = struct.pack(">I" if version else ">H", 3)
    entries = [entry(1, b"av01"), entry(2, b"Exif"), entry(70000, b"Exif", 3)]
    stream, parts = laid_out(full_box(b"iinf", count + b"".join(entries), version))
    assert list(items_of(stream, parts, b"Exif")) == [2, 70000]
    assert list(items_of(stream, parts, b"av01")) == [1]
    assert list(items_of(*laid_out(), b"Exif")) == []


@pytest.mark.parametrize(("version", "number"), [(0, 258), (1, 70000)])
def test_the_picture_to_show(version, number):
    content = struct.pack(">I" if version else ">H", number)
    assert primary(*laid_out(full_box(b"pitm", content + b"more", version))) == number
    assert primary(*laid_out()) == 0


def associations(table, *, version=0, wide=False):
    content = struct.pack(">I", len(table))
    for item, indices in table.items():
        content += struct.pack(">I" if version else ">H", item) + bytes([len(indices)])
        # The highest bit says that it is essential, and is no part of the number.
        content += b"".join(struct.pack(">H", 0x8000 | i) if wide else bytes([0x80 | i]) for i in indices)
    return box(b"ipma", bytes([version, 0, 0, int(wide)]) + content)


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("wide", [False, True])
def test_properties_are_those_that_are_associated(version, wide):
    known = (
        box(b"ispe", b"size") + box(b"colr", b"prof" + bytes(9)) + box(b"colr", b"nclx" + b"1234") + box(b"pixi", b"b")
    )
    table = {4: [1], 5: [4, 3, 2, 1, 0, 5]}
    held = box(b"iprp", box(b"ipco", known) + associations(table, version=version, wide=wide))
    stream, parts = laid_out(held)
    found = [(b"pixi", b"b"), (b"nclx", b"1234"), (b"prof", bytes(9)), (b"ispe", b"size")]
    assert list(properties(stream, parts, 5)) == found
    assert list(properties(stream, parts, 4)) == [(b"ispe", b"size")]
    assert list(properties(stream, parts, 6)) == []
    assert list(properties(*laid_out(), 5)) == []
    assert list(properties(*laid_out(box(b"iprp", associations(table))), 5)) == []


def test_of_a_long_property_the_beginning_is_read():
    held = box(b"iprp", box(b"ipco", box(b"ispe", bytes(300))) + associations({1: [1]}))
    assert [len(content) for _, content in properties(*laid_out(held), 1)] == [256]


def test_contents_are_read_up_to_a_megabyte():
    stream, parts = laid_out(box(b"idat", bytes(2**20 + 5)), box(b"free", b"abc"))
    assert len(content_of(stream, parts, b"idat")) == 2**20
    assert content_of(stream, parts, b"free") == b"abc"
    assert content_of(stream, parts, b"none") == b""


def kinds(content, start=0, end=None):
    return [(each.kind, each.start, each.end) for each in boxes(BytesIO(content), start, end or len(content))]


def test_boxes_follow_each_other_whatever_way_their_size_is_written():
    long = b"\0\0\0\1long" + struct.pack(">Q", 16 + 5) + b"hello"
    to_the_end = b"\0\0\0\0last" + b"rest"
    content = box(b"none", b"") + box(b"some", b"abc") + long + to_the_end
    assert kinds(content) == [(b"none", 8, 8), (b"some", 16, 19), (b"long", 35, 40), (b"last", 48, 52)]
    assert kinds(content, 8, 19) == [(b"some", 16, 19)]
    assert kinds(content, 8, 18) == []


@pytest.mark.parametrize("size", [2, 7, 12, 2**31])
def test_a_box_that_cannot_be_ends_the_walk(size):
    """Smaller than its own head, or larger than what holds it."""
    content = box(b"some", b"abc") + struct.pack(">I", size) + b"odd " + b"abc"
    assert kinds(content) == [(b"some", 8, 11)]
    assert kinds(box(b"some", b"abc") + bytes(7)) == [(b"some", 8, 11)]


def test_few_boxes_are_walked(monkeypatch):
    monkeypatch.setattr(boxes_module, "_MOST_BOXES", 3)
    assert len(kinds(9 * box(b"some", b""))) == 3


def test_boxes_are_written_as_the_standard_has_them():
    assert box(b"free", b"ab") == b"\0\0\0\x0afreeab"
    assert full_box(b"pitm", b"\0\1") == b"\0\0\0\x0epitm\0\0\0\0\0\1"
    assert full_box(b"pitm", b"\0\1", 3) == b"\0\0\0\x0epitm\3\0\0\0\0\1"

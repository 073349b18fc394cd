"""Directories of TIFF files, against tifffile."""

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from hdrgen.io.containers.tiff_directories import (
    BYTE_ORDERS,
    LONG,
    RATIONAL,
    SHORT,
    SIGNED_RATIONAL,
    SUB_DIRECTORY,
    TEXT,
    TiffEntry,
    TiffReader,
)


def two_pictures(byteorder: str) -> bytes:
    stream = BytesIO()
    tags = [(271, TEXT, 0, "a maker", True), (33434, RATIONAL, 1, (1, 60), True)]
    with tifffile.TiffWriter(stream, byteorder=byteorder) as writer:
        for size in (16, 32):
            writer.write(np.zeros((size, size), np.uint16), rowsperstrip=8, extratags=tags, metadata=None)
    return stream.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
def test_as_tifffile_reads_them(order):
    content = two_pictures(order)
    assert BYTE_ORDERS[content[:4]] == order
    reader = TiffReader(BytesIO(content), order)
    directory = reader.first()
    with tifffile.TiffFile(BytesIO(content)) as reference:
        for page in reference.pages:
            assert set(directory.entries) == {tag.code for tag in page.tags}
            for code, entry in directory.entries.items():
                assert (entry.kind, entry.number) == (page.tags[code].dtype, page.tags[code].count)
                assert entry.place == page.tags[code].offset
            assert reader.numbers(directory.entries[273], 100) == page.dataoffsets
            assert reader.numbers(directory.entries[273], 1) == page.dataoffsets[:1]
            assert reader.numbers(directory.entries[33434], 1) == (1, 60)
            assert reader.content(directory.entries[271], 7) == b"a maker"
            directory = reader.directory(directory.following)
    assert not directory.entries


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1))
def test_whatever_the_bytes(content, place):
    reader = TiffReader(BytesIO(content), "<")
    for directory in (reader.first(), reader.directory(place)):
        for entry in directory.entries.values():
            assert all(isinstance(number, int) for number in reader.numbers(entry, 1000))
            assert len(reader.content(entry, 300)) <= 300


def test_types_are_numbered_as_tifffile_has_them():
    numbered = [tifffile.DATATYPE[name] for name in ("SHORT", "LONG", "RATIONAL", "SRATIONAL", "IFD", "ASCII")]
    assert numbered == [SHORT, LONG, RATIONAL, SIGNED_RATIONAL, SUB_DIRECTORY, TEXT]


@pytest.mark.parametrize("kind", [kind for kind in tifffile.DATATYPE if kind in tifffile.TIFF.DATA_FORMATS])
def test_values_are_as_long_as_their_type(kind):
    entry = TiffEntry(1, int(kind), 3, (8).to_bytes(4, "little"), 0)
    size = struct.calcsize("<" + 3 * tifffile.TIFF.DATA_FORMATS[kind])
    reader = TiffReader(BytesIO(bytes(8) + bytes(range(100))), "<")
    start = bytes(range(100)) if size > 4 else entry.field
    assert reader.content(entry, 100) == start[:size]

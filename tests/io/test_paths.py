"""Files that are there whole or not at all."""

import os
import re

import pytest

from hdrgen.errors import InputError
from hdrgen.io import complete_or_nothing, read_image, read_tags, write_complete


@pytest.mark.parametrize("content", ["line 1\nµ", b"\x00\xff\n"])
def test_whole(tmp_path, content):
    path = tmp_path / "new" / "a.txt"
    write_complete(path, content)
    assert path.read_bytes() == (content.encode() if isinstance(content, str) else content)
    write_complete(path, "other")
    assert path.read_bytes() == b"other"
    assert list(path.parent.iterdir()) == [path]


def write_half(path):
    with complete_or_nothing(path) as temporary:
        temporary.write_text("half")
        assert temporary.name.startswith(".")
        assert temporary.suffix == path.suffix
        assert path.read_text() == "old"
        raise KeyError


def test_what_was_there_stays_until_the_end(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(KeyError):
        write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_can_be_written(tmp_path):
    with pytest.raises(InputError, match=r"expected a file name, found a folder"):
        write_complete(tmp_path, "")
    (tmp_path / "a").write_text("")
    with pytest.raises(InputError, match=r"a/b: cannot be written \(.*\); check folder and free space"):
        write_complete(tmp_path / "a" / "b", "")


@pytest.mark.parametrize("read", [read_image, read_tags])
def test_what_is_no_file_is_told_in_one_line(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    for path, found in (
        (tmp_path, "a folder; name a file in it"),
        (tmp_path / "pipe", "a device or pipe; copy its content"),
    ):
        with pytest.raises(InputError, match=f"^{re.escape(str(path))}: expected an image file, found {found}"):
            read(path)

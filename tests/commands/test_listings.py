"""The lists of methods and metrics are kept, so that they are printed at once; they say what the classes say."""

import json

import pytest

from hdrgen.cli import tables
from hdrgen.cli.tables import kept_entries, listing_file
from tests.commands.listings import ROOMS, keep_entries


def not_asked():
    raise AssertionError("the sources of the room have changed since its list was kept: run `make listings`")


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_kept_is_what_the_room_says(room):
    assert kept_entries(room, not_asked) == json.loads(json.dumps(ROOMS[room]()))


def test_once_a_source_changes_the_room_itself_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_PACKAGE", tmp_path)
    assert kept_entries("metrics", lambda: ["none kept"]) == ["none kept"]
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics/psnr.py").write_text("peak = 1")
    keep_entries("metrics", [{"name": "psnr"}])
    assert listing_file("metrics").parent == tmp_path / "metrics"
    assert kept_entries("metrics", not_asked) == [{"name": "psnr"}]
    (tmp_path / "metrics/psnr.py").write_text("peak = 2")
    assert kept_entries("metrics", lambda: ["asked"]) == ["asked"]
    (tmp_path / "metrics/psnr.py").write_text("peak = 1")
    assert kept_entries("metrics", not_asked) == [{"name": "psnr"}]
    (tmp_path / "nn").mkdir()
    (tmp_path / "nn/layers.py").write_text("")
    assert kept_entries("metrics", lambda: ["asked"]) == ["asked"]

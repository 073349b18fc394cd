"""The lists of methods and metrics are kept, so that they are printed at once; they say what the classes say."""

import json
import sys

import pytest

from hdrgen.cli import tables
from hdrgen.cli.tables import kept_entries, listing_file, read_listing
from tests.commands.listings import ROOMS, keep_entries


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_kept_is_what_the_room_says(room):
    kept = read_listing(room)
    assert kept, "the sources of the room have changed since its list was kept: run `make listings`"
    assert kept == json.loads(json.dumps(ROOMS[room]()))


def test_once_a_source_changes_the_room_itself_is_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_PACKAGE", tmp_path)
    assert read_listing("metrics") is None
    for folder in ("metrics", "nn"):
        (tmp_path / folder).mkdir()
    (tmp_path / "metrics/psnr.py").write_text("peak = 1")
    keep_entries("metrics", [{"name": "psnr"}])
    assert listing_file("metrics").parent == tmp_path / "metrics"
    assert read_listing("metrics") == [{"name": "psnr"}]
    (tmp_path / "metrics/psnr.py").write_text("peak = 2")
    assert read_listing("metrics") is None
    (tmp_path / "metrics/psnr.py").write_text("peak = 1")
    assert read_listing("metrics") == [{"name": "psnr"}]
    (tmp_path / "nn/layers.py").write_text("")
    assert read_listing("metrics") is None


def test_a_room_that_is_there_already_is_asked_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_PACKAGE", tmp_path)
    (tmp_path / "metrics").mkdir()
    keep_entries("metrics", ["kept"])
    assert kept_entries("metrics", lambda: ["asked"]) == ["asked"]
    monkeypatch.delitem(sys.modules, "hdrgen.metrics")
    assert kept_entries("metrics", lambda: ["asked"]) == ["kept"]
    (tmp_path / "metrics/listing.json").unlink()
    assert kept_entries("metrics", lambda: ["asked"]) == ["asked"]

"""`hdrgen info` as a user calls it."""

import json

import numpy as np
import pytest

from hdrgen.cli import main
from hdrgen.io import Exposure, write_image
from tests.commands.brackets import write_bracket


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_bracket(tmp_path / "room")
    return tmp_path


def test_table_from_dark_to_bright(folder, capsys):
    assert main(["info", "room"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["file", "camera"]
    assert [row.split()[0] for row in rows] == ["b_dark.jpg", "a_mid.jpg", "c_bright.jpg"]
    assert [row.split()[2:6] for row in rows] == [
        ["1/64", "4", "100", "-3.00"],
        ["1/8", "4", "100", "+0.00"],
        ["1", "4", "100", "+3.00"],
    ]


def test_json_counts_what_is_clipped(folder, capsys):
    pixels = np.full((40, 50, 3), 100, np.uint8)
    pixels[:10], pixels[10:12] = 255, 0
    write_image(folder / "x.png", pixels, exposure=Exposure(time=1.0))
    assert main(["info", "x.png", "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)
    assert (record["clipped"], record["crushed"], record["ev"], record["type"]) == (0.25, 0.05, 0.0, "uint8")
    assert (record["width"], record["height"], record["linear"]) == (50, 40, False)


def test_frames_that_overlap_too_little(folder, capsys):
    for name, code, time in (("a", 3, 0.001), ("b", 128, 1.0)):
        write_image(folder / "gap" / f"{name}.png", np.full((30, 30, 3), code, np.uint8), exposure=Exposure(time=time))
    assert main(["info", "gap"]) == 0
    assert "overlaps too little with b.png: both expose 0.0% of the pixels well" in capsys.readouterr().out


def test_missing_exposure_is_told_file_by_file(folder, capsys):
    write_image(folder / "room" / "d.png", np.full((96, 128, 3), 100, np.uint8))
    assert main(["info", "room"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert ["no exposure data" in row for row in rows].count(True) == 1
    assert "no exposure data" in next(row for row in rows if row.startswith("d.png"))


def test_several_folders_and_lists_beside_the_files(folder, capsys):
    write_bracket(folder / "hall", suffix=".png", exif=False)
    (folder / "hall/exposures.csv").write_text("file,time\nb_dark.png,1/64\na_mid.png,1/8\nc_bright.png,1\n")
    assert main(["info", "room", "hall"]) == 0
    out = capsys.readouterr().out
    assert "\nroom\n" in out
    assert out.count("+3.00") == 2


@pytest.mark.parametrize(("arguments", "message"), [(["none"], "none"), ([], "FILES"), (["bad.jpg"], "bad.jpg")])
def test_bad_input(folder, arguments, message, capsys):
    (folder / "bad.jpg").write_bytes(b"\xff\xd8\xff but no more")
    assert main(["info", *arguments]) == 2
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 1
    assert message in told[0]

"""`hdrgen info` as a user calls it."""

import json

import numpy as np
import pytest

from hdrgen.cli.main import main
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


def test_white_below_the_largest_code_is_found_where_two_exposures_agree_on_it(folder, capsys):
    """Some cameras clip at 251: what is flat at one code in two exposures is no surface of the scene."""
    generator = np.random.default_rng(0)
    for name, share, time in (("a", 0.2, 0.25), ("b", 0.6, 1.0)):
        pixels = generator.integers(20, 240, (100, 100, 3), dtype=np.uint8)
        pixels[: int(100 * share)] = 251
        write_image(folder / "nikon" / f"{name}.png", pixels, exposure=Exposure(time=time))
    assert main(["info", "nikon", "--json"]) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["clipped"] for record in records] == [0.2, 0.6]
    assert all("white is 251 of 255" in " ".join(record["notes"]) for record in records)


def test_a_bright_surface_in_one_exposure_is_not_taken_for_white(folder, capsys):
    for name, code, time in (("a", 120, 0.25), ("b", 240, 1.0)):
        pixels = np.random.default_rng(0).integers(10, 200, (100, 100, 3), dtype=np.uint8)
        pixels[:50] = code
        write_image(folder / "wall" / f"{name}.png", pixels, exposure=Exposure(time=time))
    assert main(["info", "wall", "--json"]) == 0
    assert [record["clipped"] for record in json.loads(capsys.readouterr().out)] == [0, 0]


def test_what_cannot_be_read_does_not_hide_the_others(folder, capsys):
    (folder / "room/bad.jpg").write_bytes(b"\xff\xd8\xff but no more")
    assert main(["info", "room"]) == 2
    told = capsys.readouterr()
    assert [row.split()[5] for row in told.out.splitlines()[1:]] == ["-3.00", "+0.00", "+3.00"]
    warning, error = told.err.splitlines()
    assert warning.startswith("hdrgen: warning: room/bad.jpg: ")
    assert error == "hdrgen: error: 1 of 4 photographs cannot be read, see above; check or leave out bad.jpg"


def test_the_exposures_that_are_known_are_compared(folder, capsys):
    write_image(folder / "room/d.png", np.full((96, 128, 3), 100, np.uint8))
    assert main(["info", "room"]) == 0
    rows = [row.split() for row in capsys.readouterr().out.splitlines()[1:]]
    assert [row[0] for row in rows] == ["b_dark.jpg", "a_mid.jpg", "c_bright.jpg", "d.png"]
    assert [row[5] for row in rows] == ["-3.00", "+0.00", "+3.00", "-"]


def test_folders_of_scenes_and_results_beside_the_photographs(folder, capsys):
    write_bracket(folder / "trip/one")
    write_bracket(folder / "trip/two")
    write_image(folder / "trip/one/one.exr", np.ones((8, 8, 3), np.float32))
    assert main(["info", "trip"]) == 0
    out = capsys.readouterr().out
    assert [line for line in out.splitlines() if line.startswith("trip")] == ["trip/one", "trip/two"]
    assert out.count("+3.00") == 2
    assert "one.exr" not in out


def test_radiance_has_no_white(folder, capsys):
    """An HDR image has no clipped pixels, and no exposure that would be missing."""
    write_image("room.exr", np.linspace(0.001, 90, 300, dtype=np.float32).reshape(10, 10, 3))
    assert main(["info", "room.exr"]) == 0
    row = capsys.readouterr().out.splitlines()[1]
    assert "16 float linear" in row
    assert row.rstrip().endswith("10 x 10  -        -")


def test_one_photograph_of_a_listed_stack_and_an_odd_aperture(folder, capsys):
    files = write_bracket(folder / "hall", suffix=".png", exif=False)
    (folder / "hall/exposures.csv").write_text("file,time\nb_dark.png,1/64\na_mid.png,1/8\nc_bright.png,1\n")
    assert main(["info", str(files[0])]) == 0
    row = capsys.readouterr().out.splitlines()[1].split()
    assert row[2] == "1/64"
    write_image("odd.png", np.full((20, 20, 3), 100, np.uint8), exposure=Exposure(time=1.0, fnumber=2**2.5))
    assert main(["info", "odd.png"]) == 0
    assert " 5.66 " in capsys.readouterr().out

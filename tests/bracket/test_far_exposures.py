"""Exposures that are farther apart than any camera takes them, by every way in: one line, and no overflow."""

from pathlib import Path

import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.cli.exposure_options import MOST_STOPS as OF_OPTIONS
from hdrgen.cli.main import main
from hdrgen.errors import InputError
from hdrgen.io import MOST_STOPS, read_stack
from tests.checkpoint_files import example_of, write_checkpoint

CODES = [np.full((8, 9, 3), code, np.uint8) for code in (60, 120, 200)]


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, codes in zip("abc", CODES, strict=True):
        hdrgen.write(f"room/{name}.png", codes)
    return Path("room")


LISTS = {
    "exposures.txt": "-2000 0 2000",
    "exposure.txt": "a.png 0\nb.png 1\nc.png 2000\n",
    "exposures.csv": "file,time\na.png,1e-300\nb.png,1\nc.png,1e300\n",
    "exposures.json": '{"a.png": {"ev": 1000}, "b.png": {"ev": 1001}, "c.png": {"ev": 1002}}',
}
OPTIONS = ["--ev=-2000,0,2000", "--ev=0,1,61", "--ev=1000,1001,1002", "--ev-step=2000", "--times=1e-300,1,1e300"]


@pytest.mark.parametrize("verb", ["merge", "crf"])
@pytest.mark.parametrize("given", [*LISTS, *OPTIONS, "names"])
def test_verbs_refuse_them_in_one_line(room, verb, given, capsys):
    if given in LISTS:
        (room / given).write_text(LISTS[given])
    if given == "names":
        for name, ev in (("a", "-2000"), ("b", "+0"), ("c", "+2000")):
            (room / f"{name}.png").rename(room / f"{name}_{ev}EV.png")
    typed = [given] if given.startswith("--") else []
    assert main([verb, "room", "-o", "x.exr" if verb == "merge" else "x.json", *typed]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"expected exposures within {MOST_STOPS} stops of each other and of 0, found " in line
    assert "EV" in line or " s" in line
    assert "correct them" in line


def test_so_do_functions(room):
    message = f"expected (exposures within {MOST_STOPS} stops|EVs from -{MOST_STOPS} to {MOST_STOPS})"
    for ev in ([-2000, 0, 2000], [0, 1, 1e6], [0, 30, 61]):
        for images in (CODES, [hdrgen.read(path) for path in sorted(room.iterdir())], sorted(room.iterdir())):
            with pytest.raises(InputError, match=message) as error:
                hdrgen.merge(images, ev=ev)
            assert error.value.argument == "ev"
    (room / "exposures.txt").write_text("-40 0 40")  # none too far from 0
    with pytest.raises(InputError, match=r"found a\.png: -40 EV, c\.png: \+40 EV"):
        read_stack(room)


def test_what_a_camera_reaches_is_merged(room):
    codes = [np.full((8, 9, 3), code, np.uint8) for code in (1, 128, 255)]
    merged = hdrgen.merge(codes, ev=[-30, 0, 30], response="linear", align="none")
    assert np.isfinite(merged).all()


@pytest.mark.parametrize("ev", ["-2000,0", "0:1e9:1e8", "0,inf"])
@pytest.mark.parametrize("verb", ["expose", "expand", "export"])
def test_verbs_that_make_exposures_make_none_so_far(verb, ev, room, tmp_path, capsys):
    hdrgen.write("a.exr", np.full((8, 9, 3), 0.5, np.float32))
    checkpoint = str(write_checkpoint(example_of("MultiExposureGeneration").model(), tmp_path / "a.ckpt"))
    typed = {
        "expose": ["a.exr"],
        "expand": ["room/a.png", "--ckpt_path", checkpoint],
        "export": ["--ckpt_path", checkpoint],
    }
    assert main([verb, *typed[verb], f"--ev={ev}", "-o", "out"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--ev: expected stops from -{MOST_STOPS} to {MOST_STOPS}, found '{ev}'" in line
    assert not Path("out").exists()


def test_a_model_makes_none_so_far():
    assert OF_OPTIONS == MOST_STOPS  # written twice, since help texts do without NumPy
    model = hdrgen.Model(example_of("MultiExposureGeneration").model())
    with pytest.raises(InputError, match="expected EVs from -60 to 60 stops, found 2000"):
        model.generate(torch.full((1, 3, 16, 16), 0.5), 2000)

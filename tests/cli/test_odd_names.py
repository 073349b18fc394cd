"""Files whose names are no UTF-8, or hold what a terminal cannot show: the others of a folder are done all the same."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.data import Photographs
from hdrgen.data.dataset import SelectedExposures
from hdrgen.errors import InputError
from hdrgen.io import complete_or_nothing, write_image
from tests.cli.toy_runs import CPU
from tests.commands.brackets import write_bracket

LATIN = os.fsdecode(b"caf\xe9")
"""As a disk of 1999 has it."""
EMOJI = "\N{SUNRISE}"
LEFT_OUT = r"left out 'caf\udce9"

pytestmark = [
    pytest.mark.usefixtures("own_folder"),
    pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names but in Unicode"),
]


@pytest.fixture
def bracket() -> Path:
    """A dark, a middle and a bright photograph under common names, and the bright one under another."""
    folder = Path("room")
    write_bracket(folder)
    (folder / f"{LATIN}.jpg").write_bytes((folder / "c_bright.jpg").read_bytes())
    (folder / "c_bright.jpg").rename(folder / f"{EMOJI}.jpg")
    return folder


@pytest.fixture
def radiance() -> Path:
    """HDR images of one name each."""
    folder = Path("radiance")
    for name in ("a", EMOJI):
        write_image(folder / f"{name}.exr", np.linspace(0.1, 4, 1800, dtype=np.float32).reshape(20, 30, 3))
    (folder / f"{LATIN}.exr").write_bytes((folder / "a.exr").read_bytes())
    return folder


@pytest.mark.parametrize("arguments", [["info"], ["merge", "-o", "out.exr"]], ids=" ".join)
@pytest.mark.parametrize("source", ["room", "room/*.jpg"])
def test_photographs(arguments, source, bracket, capsys):
    verb, *rest = arguments
    assert main([verb, source, *rest]) == 0
    told = capsys.readouterr()
    assert LEFT_OUT in told.err
    assert told.err.count("left out") == 1
    assert EMOJI in told.out


@pytest.mark.parametrize(
    "arguments", [["tonemap", "radiance"], ["compare", "radiance", "radiance", "--metrics", "psnr_mu"]]
)
def test_hdr_images(arguments, radiance, capsys):
    assert main(arguments) == 0
    told = capsys.readouterr()
    assert LEFT_OUT in told.err
    assert EMOJI in told.out


@pytest.mark.parametrize(
    "sources", [["room"], ["room/*.jpg"], ["room/a_mid.jpg", f"room/{LATIN}.jpg", f"room/{EMOJI}.jpg"]], ids=len
)
def test_predict(sources, bracket, capsys):
    assert main(["predict", "--model=LinearGain", "--data.predict", *sources, *CPU, "-o", "out"]) == 0
    assert {path.name for path in Path("out").iterdir()} >= {"a_mid", EMOJI}
    assert LEFT_OUT in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        *(["info"], ["expose"], ["tonemap"], ["compare", "room/a_mid.jpg"]),
        ["predict", "--model=LinearGain", *CPU, "--data.predict"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_named_alone_it_is_one_line(arguments, bracket, capsys):
    assert main([*arguments, f"room/{LATIN}.jpg"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == r"hdrgen: error: 'room/caf\udce9.jpg': expected a name in UTF-8, found other bytes; rename it"


def test_a_folder_of_such_a_name(bracket, capsys):
    bracket.rename(LATIN)
    assert main(["info", LATIN]) == 2
    assert r"'caf\udce9': expected a name in UTF-8" in capsys.readouterr().err
    write_bracket(Path("kitchen"))
    assert main(["info", "."]) == 0
    assert LEFT_OUT in capsys.readouterr().err


def test_a_terminal_that_has_no_such_characters(bracket):
    done = subprocess.run(
        [sys.executable, "-m", "hdrgen", "info", "room"],
        capture_output=True,
        timeout=180,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0, done.stderr
    assert rb"\U0001f305.jpg" in done.stdout


def test_names_move_no_cursor(bracket, capsys):
    (bracket / "a_mid.jpg").rename(bracket / "a\n\x1b[2Jb.jpg")
    assert main(["info", "room"]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 4
    assert any(row.startswith(r"a\n\x1b[2Jb.jpg") for row in rows)
    (bracket / "a\n\x1b[2Jb.jpg").write_bytes(b"")
    assert main(["info", "room"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_the_longest_name_can_be_written():
    path = Path("l" * 251 + ".txt")
    with complete_or_nothing(path) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole"


def test_scenes_of_a_test_are_all_there_or_none(capsys):
    """A score over fewer scenes would be another number."""
    for name in ("one", "two"):
        write_bracket(Path("scenes") / name)
    Path("scenes/two").rename(f"scenes/{LATIN}")
    data = ["--data.test=ExposureStackFolder", "--data.test.root=scenes"]
    assert main(["test", "--model=LinearGain", *data, "--evaluation=quick", *CPU, "-o", "out"]) == 2
    assert r"'scenes/caf\udce9': expected a name in UTF-8" in capsys.readouterr().err


def test_a_photograph_that_python_names(bracket):
    with pytest.raises(InputError, match="expected a name in UTF-8"):
        SelectedExposures(Photographs([bracket / f"{LATIN}.jpg"]))[0]

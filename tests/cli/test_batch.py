"""One bad file among many: told, left out, counted; the others are done."""

import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.commands.brackets import write_bracket


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "ac":
        write_image(f"hdr/{name}.exr", np.full((20, 20, 3), 0.5, np.float32))
        write_bracket(tmp_path / "trip" / name)
    (tmp_path / "hdr/b.exr").write_bytes(b"v/1\x01 but no more")
    write_bracket(tmp_path / "trip/b")
    broken = tmp_path / "trip/b/a_mid.jpg"
    broken.write_bytes(broken.read_bytes()[:-500])
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "written", "noun"),
    [
        (["tonemap", "hdr", "-o", "out"], ["a_reinhard2002.jpg", "c_reinhard2002.jpg"], "images"),
        (["expose", "hdr", "--ev", "0", "-o", "out"], ["a_ev+0.0.png", "c_ev+0.0.png"], "images"),
        (["crf", "trip", "-o", "out", "--plot", "none"], ["a_crf.json", "c_crf.json"], "scenes"),
    ],
)
def test_the_others_are_done(folder, arguments, written, noun, capsys):
    assert main(arguments) == 2
    assert sorted(path.name for path in (folder / "out").iterdir()) == written
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 2
    *warnings, error = told.err.splitlines()
    assert len(warnings) == 1
    assert warnings[0].startswith("hdrgen: warning: ")
    assert "b" in warnings[0]
    assert error == f"hdrgen: error: 1 of 3 {noun} could not be done, see above; the others are written"


def test_one_alone_is_an_error_in_one_line(folder, capsys):
    for arguments in (["tonemap", "hdr/b.exr"], ["expose", "hdr/b.exr"], ["crf", "trip/b"]):
        assert main(arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("hdrgen: error: ")

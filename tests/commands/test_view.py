"""`hdrgen view` through `main`."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import cv2
import numpy as np
import pytest

from hdrgen.cli.main import main
from hdrgen.io import write_image
from tests.reporting.test_view_page import data_of, radiance


@pytest.fixture(autouse=True)
def _images(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_image("b.exr", radiance(40, 60))
    write_image("a.hdr", radiance(40, 60))


def test_a_page_of_images_in_the_order_typed_and_what_was_reduced(capsys):
    assert main(["view", "b.exr", "a.hdr", "--side", "30"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["b.exr: 60 x 40, reduced to 30 x 20", "a.hdr: 60 x 40, reduced to 30 x 20"]
    assert lines[2].startswith("view.html: 0.")
    assert data_of(Path("view.html"))["names"] == ["b.exr", "a.hdr"]
    assert sorted(path.name for path in Path().iterdir()) == ["a.hdr", "b.exr", "view.html"]


def test_a_photograph_is_shown_whose_gain_map_is_cut_off(capsys):
    content = write_image("whole.uhdr.jpg", radiance(40, 60)).read_bytes()
    Path("a.jpg").write_bytes(content[:-100])
    assert main(["view", "a.jpg"]) == 0
    told = capsys.readouterr()
    assert "warning: a.jpg: the photograph alone is read: its gain map cannot be read" in told.err
    assert "a.jpg: 60 x 40, display values" in told.out


def test_a_page_is_not_replaced_unless_asked(capsys):
    Path("my.html").write_text("mine")
    assert main(["view", "b.exr", "-o", "my.html"]) == 2
    assert "my.html exists already; pass --overwrite" in capsys.readouterr().err
    assert Path("my.html").read_text() == "mine"
    assert main(["view", "b.exr", "-o", "my.html", "--overwrite"]) == 0
    assert Path("my.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: IMAGE"),
        (["nowhere.exr"], "nowhere.exr"),
        (["b.exr", "-o", "page.pdf"], "page.pdf: expected a file name that ends with .html"),
        (["b.exr", "-o", "a.hdr/page.html"], "expected a folder to write to, found a file"),
        (["b.exr", "--side", "0"], "expected a whole number from 16 to 8192, found 0"),
        (["b.exr", "square.exr"], "square.exr: expected an image of the shape of b.exr, 60 x 40, found 20 x 20"),
        (["nan.exr"], "nan.exr: expected finite radiance"),
        (["b.exr", "--max-megapixels", "0.001"], "b.exr"),
        (["b.exr", "--sied", "30"], "did you mean --side"),
    ],
)
def test_mistakes_are_told_in_one_line_and_nothing_is_written(arguments, told, capsys):
    write_image("square.exr", radiance(20, 20))
    _with_nan("nan.exr")
    assert main(["view", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert not list(Path().glob("*.html"))


def _with_nan(name):
    pixels = radiance(20, 20)
    pixels[3, 4] = np.nan
    cv2.imwrite("nan.tif", pixels)
    Path("nan.tif").replace(name)


def test_clean_shows_what_is_there():
    _with_nan("b.exr")
    assert main(["view", "b.exr", "--clean"]) == 0


def test_no_torch_is_needed_and_the_script_is_packaged():
    script = (
        "import sys; from hdrgen.cli.main import main; main(['view', 'b.exr']);"
        " print({name for name in ('torch', 'scipy', 'pytorch_lightning', 'kornia') if name in sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.endswith("set()\n"), told.stdout
    assert all(resources.files("hdrgen.reporting").joinpath(name).is_file() for name in ("viewer.js", "view.js"))

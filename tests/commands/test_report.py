"""`hdrgen report` through `main`, on made-up runs and on what a real test leaves behind."""

import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from hdrgen.cli.main import main
from tests.cli.test_evaluation import CPU
from tests.reporting.parsed import Page
from tests.reporting.synthetic import made_test, made_training


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def error_of(arguments, capsys):
    capsys.readouterr()
    assert main(["report", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_one_line_and_a_page(capsys):
    made_test(Path("ours"))
    made_training(Path("run"), {"loss": [2.0, 1.0]})
    assert main(["report", "ours", "run", "--scene", "b", "--side", "16"]) == 0
    assert capsys.readouterr().out.startswith("report.html: 2 runs, 1 scene, 1 curve, 0.")
    assert [path.name for path in Path().iterdir() if path.is_file()] == ["report.html"]


def test_after_a_real_test():
    protocol = ["--evaluation=quick", "--data.test=ToyScenes", "--data.test.count=3", *CPU, "--grid.scenes=0"]
    for method in ("LinearGain", "UnchangedInput"):
        assert main(["test", f"--model={method}", *protocol, "-o", method]) == 0
    assert main(["report", "LinearGain", "UnchangedInput", "-o", "out/page.html"]) == 0
    page = Page(Path("out/page.html"))
    for told in ("LinearGain", "UnchangedInput", "ToyScenes", "quick", "tm_psnr", "toy0", "toy1", "toy2", "± "):
        assert told in page.text
    assert len(page.best("LinearGain")) + len(page.best("UnchangedInput")) >= 6
    assert sum(tag == "canvas" for tag, _ in page.tags) == 3


def test_a_page_is_not_replaced_unless_asked(capsys):
    made_test(Path("ours"))
    Path("report.html").write_text("mine")
    assert "report.html exists already; pass --overwrite" in error_of(["ours"], capsys)
    assert Path("report.html").read_text() == "mine"
    assert main(["report", "ours", "--overwrite"]) == 0
    assert Path("report.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: RUN"),
        (["nowhere"], "nowhere: expected the folder of a run, found nothing"),
        (["ours", "-o", "page.pdf"], "page.pdf: expected a file name that ends with .html"),
        (["ours", "-o", "ours/metrics.csv/page.html"], "metrics.csv: expected a folder to write to, found a file"),
        (["ours", "--scene", "c"], "no pictures of scene 'c', only of "),
        (["ours", "--count", "0"], "expected a whole number of 1 or more, found 0"),
        (["ours", "--side", "x"], "argument --side: expected a whole number of 1 or more, found x"),
    ],
)
def test_mistakes_are_told_in_one_line(arguments, told, capsys):
    made_test(Path("ours"))
    assert told in error_of(arguments, capsys)
    assert not list(Path().glob("*.html"))


def test_a_broken_picture_is_left_out_and_named(capsys):
    picture = made_test(Path("ours")) / "extremes" / "worst-1-scene0" / "truth.hdr"
    picture.write_bytes(b"#?RADIANCE\n")
    assert main(["report", "ours"]) == 0
    told = capsys.readouterr()
    assert "truth.hdr" in told.err and "left out" in told.err  # noqa: PT018
    assert ", 2 scenes," in told.out
    picture.unlink()
    picture.with_name("result.hdr").unlink()
    assert main(["report", "ours", "--overwrite"]) == 0
    told = capsys.readouterr()
    assert "worst-1-scene0: expected result.hdr, found none that can be read; test again; left out" in told.err
    assert ", 1 scene," in told.out


def test_neither_torch_nor_lightning_is_needed():
    made_test(Path("ours"))
    script = (
        "import sys; from hdrgen.cli.main import main; main(['report', 'ours']);"
        " print({name for name in ('torch', 'scipy', 'pytorch_lightning', 'kornia') if name in sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.endswith("set()\n"), told.stdout


def test_style_and_script_are_packaged():
    pyproject = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert '"reporting/*.css", "reporting/*.js"' in pyproject
    assert all(resources.files("hdrgen.reporting").joinpath(f"page.{suffix}").is_file() for suffix in ("css", "js"))

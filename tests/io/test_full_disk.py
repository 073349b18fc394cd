"""A full disk: one line, what was there before untouched, nothing half-written; whoever writes."""

import ast
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pytorch_lightning.loggers import CSVLogger

import hdrgen
import tests.toys  # noqa: F401  # ToyMethod and ToyScenes become known by name
from hdrgen.callbacks.csv_log import write_whole_rows
from hdrgen.callbacks.table import write
from hdrgen.camera import TabulatedResponse, save_curve, save_response
from hdrgen.cli.main import main
from hdrgen.data import write_stack
from hdrgen.errors import InputError
from hdrgen.io import write_complete, write_image
from tests.full_disk import file_size_limit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")

WRITING = {"write_text", "write_bytes", "save_file", "savefig", "imwrite"}
"""Calls that write a file; and `open` with a mode that does, and `save` of torch or of a picture."""


def writers(module: Path) -> list[str]:
    """The calls of a module that write a file, by what they write to."""
    found = []
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            modes = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
            if name in WRITING or (name in ("open", "fdopen") and any(set(mode) & set("wax+") for mode in modes)):
                found.append(ast.unparse(node.func))
    return found


def test_nobody_writes_but_under_a_temporary_name():
    package = Path(hdrgen.__file__).parent
    found = {
        f"{path.relative_to(package)}: {call}"
        for path in package.rglob("*.py")
        if path.parent.name != "codecs"  # `write_image` gives them a temporary name
        for call in writers(path)
    }
    elsewhere = {line for line in found if not line.partition(": ")[2].startswith("temporary.")}
    assert elsewhere == {
        "callbacks/csv_log.py: path.open",  # a log grows row by row, and is cut back
        "data/shards/fetching.py: path.open",  # an empty file, to lock
        "exporting/files.py: path.write_bytes",  # the others get temporary names
        "io/metadata/exif_in_place.py: path.open",
    }


def response() -> TabulatedResponse:
    ramp = torch.linspace(0, 1, 300).expand(3, 300)
    return TabulatedResponse(ramp, ramp**2, "mine")


def curve() -> TabulatedResponse:
    return TabulatedResponse(torch.linspace(0, 1, 300), torch.linspace(0, 1, 300), "mine")


SCORES = [{"scene": f"scene{index}", "ev": 0.0, "metric": "psnr", "value": 30.0} for index in range(500)]
WRITERS = {
    "c.json": lambda path: save_response(response(), path),
    "curve.json": lambda path: save_curve(curve(), path),
    "metrics.csv": lambda path: write(path.parent, SCORES, {}, {}),
    "text.txt": lambda path: write_complete(path, "x" * 5000),
}


@pytest.mark.parametrize("limit", [0, 3000])
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_that_does_not_fit_leaves_the_one_before(name, limit, tmp_path):
    path = tmp_path / name
    path.write_bytes(b"precious")
    with (
        file_size_limit(limit),
        pytest.raises(InputError, match=rf"{name}: cannot be written \(File too large\); check folder and free space"),
    ):
        WRITERS[name](path)
    assert path.read_bytes() == b"precious"
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("missing", [1, 100])
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif", "a.exr", "a.hdr", "a.jxl", "a.avif"])
def test_the_end_of_an_image_that_does_not_fit_is_missed(name, missing, tmp_path):
    """Several libraries hold it back, and say nothing when it is lost."""
    pixels = np.random.default_rng(0).uniform(0.1, 1, (60, 80, 3)).astype(np.float32)
    path = tmp_path / name
    try:
        write_image(path, pixels)
    except InputError as error:
        pytest.skip(str(error))  # an encoder that is not installed
    before = path.read_bytes()
    with file_size_limit(len(before) - missing), pytest.raises(InputError, match=r"cannot be written .* free space"):
        write_image(path, pixels)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_name_that_is_too_long_says_so(tmp_path):
    with pytest.raises(InputError, match=r"File name too long.*; choose a shorter name"):
        write_complete(tmp_path / ("x" * 256), "text")


def test_the_list_of_a_scene_is_whole_or_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("hdrgen.io.paths._BEHIND", 0)  # the small images fit, just so
    count = 200
    sample = {"ldr": torch.zeros(count, 3, 2, 2), "ev": torch.arange(count) / 8, "ref": torch.tensor(0), "scene": "a"}
    with file_size_limit(1500), pytest.raises(InputError, match=r"exposures\.csv: cannot be written"):
        write_stack(sample, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png"}


def test_a_log_keeps_whole_rows(tmp_path):
    logger = CSVLogger(str(tmp_path), name="run", version=0)
    write_whole_rows(logger)
    file = tmp_path / "run/version_0/metrics.csv"
    logger.log_metrics({"train/loss": 1.0}, step=0)
    logger.save()
    logger.log_metrics({"train/loss": 1.5}, step=1)
    logger.save()
    before = file.read_text()
    assert before.splitlines() == ["step,train/loss", "0,1.0", "1,1.5"]
    for new in ({"train/loss": 2.0}, {"val/psnr": 3.0}):  # a row more, and a column that asks for another header
        for step in range(20):
            logger.log_metrics(new, step=step)
        with file_size_limit(len(before) + 20), pytest.raises(InputError, match=r"metrics\.csv: cannot be written"):
            logger.save()
        logger.finalize("failed")
        assert file.read_text() == before
    assert [path.name for path in file.parent.iterdir()] == ["metrics.csv"]


@pytest.mark.parametrize("limit", [0, 500, 3000])
def test_a_training_on_a_full_disk_leaves_no_half_file(limit, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    fit = ["fit", "--model=ToyMethod", "--data.train=ToyScenes", "--trainer.max_epochs=1", "--trainer.accelerator=cpu"]
    with file_size_limit(limit):
        assert main([*fit, "--trainer.enable_progress_bar=false", "-o", "runs"]) == 2
    (told,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error")]
    assert "cannot be written (File too large); check folder and free space" in told
    left = {path.name for path in Path("runs").rglob("*") if path.is_file()}
    assert left <= {"software.json"}
    assert all(json.loads(path.read_text()) for path in Path("runs").rglob("software.json"))

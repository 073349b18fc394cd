"""Configurations that stand for more than memory holds: each way of giving one ends in one line, at once."""

import time
from pathlib import Path

import pytest

from hdrgen.cli.main import main
from tests.reporting.strangers import BOMB


@pytest.mark.parametrize(
    "arguments",
    [
        ["fit", "-c"],
        ["fit", "--config", "cevr_small", "--data"],
        ["test", "--model", "LinearGain", "--data.test", "ToyScenes", "--evaluation"],
        ["merge", "a.jpg", "--config"],
    ],
    ids=" ".join,
)
def test_aliases_that_repeat_are_refused_at_once(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("bomb.yaml").write_text(BOMB)
    start = time.process_time()
    assert main([*arguments, "bomb.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("hdrgen: error:")
    assert "expected values of at most 32 MB, found more, aliases written out" in line
    assert time.process_time() - start < 20  # most of it is the import of Lightning


def test_anchors_may_be_used_for_what_is_said_twice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").write_text("data:\n  test: &own {class_path: tests.toys.ToyScenes}\n  val: *own\n" + "#" * 100)
    quiet = ["--trainer.accelerator=cpu", "--trainer.logger=false", "--trainer.enable_progress_bar=false"]
    assert main(["test", "--model=LinearGain", "--evaluation=quick", "-c", "mine.yaml", *quiet, "-o", "out"]) == 0

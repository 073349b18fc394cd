"""Data that vanish, folders that cannot be written, processes that are killed: one line, and what was done stays."""

import contextlib
import shutil
from pathlib import Path

import pytest
import torch

from hdrgen.cli.main import main
from hdrgen.data import write_stack
from tests.full_disk import file_size_limit
from tests.toys import FatalScenes, ToyMethod, ToyScenes

FIT = ["fit", "--model=ToyMethod", "--data.batch_size=1", "--trainer.max_epochs=3", "--trainer.accelerator=cpu"]
QUIET = ["--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false", "-o", "runs"]


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def error_of(arguments: list[str], capsys) -> str:
    assert main(arguments) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("hdrgen: error")]
    return line


def uninterrupted(train: list[str]) -> Path:
    """The last checkpoint of the same training when nothing happens to it."""
    assert main([*train, "-o", "whole"]) == 0
    (last,) = Path("whole").rglob("last.ckpt")
    return last


def assert_same_weights(whole: Path) -> None:
    """The newest run ended where the uninterrupted one did."""
    newest = max(Path("runs").rglob("last.ckpt"), key=lambda path: path.stat().st_mtime)
    weights = [torch.load(path, weights_only=True)["state_dict"]["weight"] for path in (whole, newest)]
    assert weights[0].isfinite().all()
    assert torch.equal(*weights)


@pytest.mark.parametrize("workers", [0, 1])
def test_data_that_vanish_in_a_training_are_named_and_it_can_go_on(workers, monkeypatch, capsys):
    scenes = ToyScenes()
    for index in range(4):
        write_stack(scenes[index], f"scenes/toy{index}")
    train = [*FIT, *QUIET, "--data.train=ExposureStackFolder", "--data.train.root=scenes"]
    whole = uninterrupted(train)

    def vanish(self, *_) -> None:
        if self.current_epoch == 0:
            Path("scenes/toy2").rename("gone")

    with monkeypatch.context() as patch:
        patch.setattr(ToyMethod, "on_train_epoch_end", vanish, raising=False)
        told = error_of([*train, f"--data.num_workers={workers}"], capsys)
    assert "error: scene toy2: scenes/toy2/00.png: no such file; check the name" in told
    shutil.move("gone", "scenes/toy2")
    assert main([*train, "--ckpt_path=last"]) == 0
    assert_same_weights(whole)


def test_a_disk_that_fills_ends_a_training_which_can_go_on_when_there_is_room(monkeypatch, capsys):
    train = [*FIT, *QUIET, "--data.train=ToyScenes"]
    whole = uninterrupted(train)
    disk = contextlib.ExitStack()

    def fill(self, *_) -> None:
        if self.current_epoch == 1:
            disk.enter_context(file_size_limit(100))

    with monkeypatch.context() as patch, disk:
        patch.setattr(ToyMethod, "on_train_epoch_end", fill, raising=False)
        assert "last.ckpt: cannot be written (File too large)" in error_of(train, capsys)
    (kept,) = Path("runs").rglob("last.ckpt")
    assert torch.load(kept, weights_only=True)["epoch"] == 0  # the last whole one
    assert main([*train, "--ckpt_path=last"]) == 0
    assert_same_weights(whole)


def test_after_a_batch_that_makes_no_number_a_training_can_go_on_without_it(monkeypatch, capsys):
    train = [*FIT, *QUIET, "--data.train=ToyScenes"]
    whole = uninterrupted(train)
    step = ToyMethod.training_step

    def poisoned(self, batch, batch_idx):
        bad = self.current_epoch == 1 and batch_idx == 2
        return step(self, batch, batch_idx) * (float("nan") if bad else 1)

    with monkeypatch.context() as patch:
        patch.setattr(ToyMethod, "training_step", poisoned)
        error_of(train, capsys)
    assert main([*train, "--ckpt_path=last"]) == 0
    assert_same_weights(whole)


def test_a_worker_that_is_killed_is_told_in_one_line(capsys):
    told = error_of([*FIT, *QUIET, "--data.train=FatalScenes", "--data.num_workers=1"], capsys)
    assert "expected every process of the run, found one gone (" in told
    assert told.endswith("no epoch was finished: start again")


@pytest.mark.parametrize("verb", ["fit", "test", "validate", "predict"])
def test_a_folder_that_cannot_be_made(verb, capsys):
    Path("file").touch()
    data = {"fit": "train", "test": "test", "validate": "val"}
    asked = f"--data.{data[verb]}=ToyScenes" if verb in data else "--data.predict=photo.png"
    if verb == "predict":
        write_stack(ToyScenes()[0], ".")
        Path("01.png").rename("photo.png")
    told = error_of([verb, "--model=ToyMethod", asked, "--trainer.accelerator=cpu", *QUIET, "-o", "file/runs"], capsys)
    assert "file" in told


assert FatalScenes  # known by name on the command line

"""What TensorBoard and W&B kept of a training is drawn, or a line says what is needed."""

import json
import struct
from pathlib import Path

import pytest

import hdrgen.reporting.other_logs as other_logs
from hdrgen.errors import InputWarning
from hdrgen.reporting.page import write_page
from hdrgen.reporting.runs import Run, read_runs

LOGGED = {"train/loss": [(0.0, 2.0), (1.0, 1.0)], "val/psnr": [(1.0, 20.0)]}


def read(folder: Path) -> Run:
    (run,) = read_runs([folder])
    return run


def trained(folder: Path) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "config.yaml").write_text("model: Toy\n")
    return folder


def log_events(folder: Path, purge_step: int | None = None) -> None:
    pytest.importorskip("tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder), purge_step=purge_step) as writer:
        for name, points in LOGGED.items():
            for step, value in points:
                if purge_step is None or step >= purge_step:
                    writer.add_scalar(name, value, int(step))
        writer.add_scalar("epoch", 0, 0)


def test_events_of_tensorboard(tmp_path):
    run = trained(tmp_path / "Toy/version_0")
    log_events(run)
    assert read(run).curves == LOGGED
    log_events(run, purge_step=1)  # it went on from step 1
    assert read(run).curves == LOGGED


def records(rows: list[dict[str, float]], filler: int = 0) -> bytes:
    """W&B's file: LevelDB's log of its records, one of them longer than two blocks."""
    described = pytest.importorskip("wandb.proto.wandb_internal_pb2")
    content = [described.Record(uuid="x" * filler).SerializeToString()]
    for row in rows:
        record = described.Record()
        for name, value in row.items():
            record.history.item.add(nested_key=[name], value_json=json.dumps(value))
        content.append(record.SerializeToString())
    file = bytearray(b":W&B\xe1\xbe\x00")
    for data in content:
        first = True
        while data or first:
            left = 2**15 - len(file) % 2**15
            if left < 7:
                file += bytes(left)
                continue
            part, data = data[: left - 7], data[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[first, not data]
            file += struct.pack("<IHB", 0, len(part), kind) + part
            first = False
    return bytes(file)


ROWS = [
    {"train/loss": 2.0, "trainer/global_step": 0, "_step": 0, "epoch": 0},
    {"train/loss": 1.0, "trainer/global_step": 1, "_step": 1, "_runtime": 3.5},
    {"val/psnr": 20.0, "trainer/global_step": 1, "_step": 2},
]


@pytest.mark.parametrize("filler", [0, 32720, 32740, 70000])
def test_records_of_wandb(tmp_path, filler):
    """In W&B's own folder, and of a run whose folder is called after its id; blocks of 32 KiB end in its midst."""
    run, kept = trained(tmp_path / "hdrgen/a1b2"), tmp_path / "wandb/offline-run-20261130_120000-a1b2"
    kept.mkdir(parents=True)
    (kept / "run-a1b2.wandb").write_bytes(records(ROWS, filler) + b"\0\0\0\0\x09\0\x01cut")
    assert read(run).curves == read(kept).curves == LOGGED
    again = tmp_path / "wandb/offline-run-20261130_130000-a1b2"
    again.mkdir()
    (again / "run-a1b2.wandb").write_bytes(records([{**ROWS[1], "train/loss": 0.5}]))
    assert read(run).curves == {**LOGGED, "train/loss": [(0.0, 2.0), (1.0, 0.5)]}


def test_a_package_that_is_not_installed_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(other_logs, "find_spec", lambda name: None)
    for name, package in (("events.out.tfevents.1", "tensorboard"), ("run-a.wandb", "wandb")):
        run = trained(tmp_path / package / "runs/a")
        (run / name).write_bytes(b"something")
        with pytest.warns(InputWarning, match=rf"{name}: needs the package .* pip install 'hdrgen\[{package}\]'; left"):
            assert read(run).curves == {}


def test_a_training_that_logged_nothing_says_so(tmp_path):
    with pytest.warns(InputWarning, match="nothing that a training logged: expected metrics.csv, events of TensorB"):
        assert read(trained(tmp_path / "Toy/version_0")).curves == {}


def test_a_training_whose_log_is_empty_says_so_on_the_page_too(tmp_path):
    run = trained(tmp_path / "Toy/version_0")
    (run / "metrics.csv").write_text("epoch,step,train/loss\n")
    with pytest.warns(
        InputWarning, match="version_0: no numbers in metrics.csv, and no test; the page has settings al"
    ):
        read_again = read(run)
    write_page([read_again], tmp_path / "report.html")
    assert "version_0: no numbers. Neither metrics.csv" in (tmp_path / "report.html").read_text()


def test_of_huge_logs_a_bounded_part_is_read_and_said(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    run = trained(tmp_path / "Toy/version_0")
    with SummaryWriter(str(run)) as writer:
        for step in range(300):
            writer.add_scalar("train/loss", step, step)
    monkeypatch.setattr(other_logs, "POINTS", 100)
    with pytest.warns(InputWarning, match="version_0: of train/loss, 100 points are read, spread over all"):
        curve = read(run).curves["train/loss"]
    steps = [step for step, _ in curve]
    assert len(steps) == 100
    assert steps == sorted(steps)
    assert steps[-1] == 299
    with SummaryWriter(str(trained(tmp_path / "Toy/version_1"))) as writer:
        writer.add_text("note", "no number")
    with pytest.warns(InputWarning, match="version_1: no numbers of a training in what TensorBoard or W&B kept"):
        assert read(tmp_path / "Toy/version_1").curves == {}
    monkeypatch.setattr(other_logs, "LARGEST", 1000)
    with pytest.warns(InputWarning, match="expected at most 1,000 bytes, found"):
        assert read(run).curves == {}


def test_of_huge_records_the_first_numbers_are_read_and_no_record_that_is_huge_itself(tmp_path, monkeypatch):
    run = trained(tmp_path / "hdrgen/a1b2")
    (run / "run-a1b2.wandb").write_bytes(records(ROWS, 70000))
    monkeypatch.setattr(other_logs, "RECORD", 1000)
    assert read(run).curves == LOGGED
    monkeypatch.setattr(other_logs, "NUMBERS", 3)
    with pytest.warns(InputWarning, match="run-a1b2.wandb: the first 3 numbers are read, and no more"):
        assert read(run).curves == {"train/loss": [(0.0, 2.0)]}


def test_damaged_logs_are_left_out(tmp_path):
    pytest.importorskip("wandb")
    run = trained(tmp_path / "hdrgen/a")
    (run / "run-a.wandb").write_bytes(b":W&B\xe1\xbe\x00" + struct.pack("<IHB", 0, 3, 1) + b"\xff\xff\xff")
    with pytest.warns(InputWarning, match=r"run-a.wandb: cannot be read as records of W&B \(.*\); left out"):
        assert read(run).curves == {}

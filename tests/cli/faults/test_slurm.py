"""A training under SLURM, with a stand-in for it: queued again when the time is up, and the same in the end."""

import os
import signal
from pathlib import Path

import pytest
import torch

from hdrgen.cli.main import main
from tests.toys import ToyMethod

FIT = ["fit", "--model=ToyMethod", "--data.train=tests.toys.ToyScenes", "--data.batch_size=1", "--trainer.max_epochs=3"]
QUIET = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.enable_model_summary=false"]


@pytest.fixture
def job(tmp_path, monkeypatch) -> Path:
    """A job of one task, and a `scontrol` that writes down what it is given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scontrol").write_text("#!/bin/bash\necho $@ >> scontrol.txt\n")
    (tmp_path / "scontrol").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    numbers = {"NTASKS": 1, "JOB_ID": 1234, "JOB_NAME": "train", "NODEID": 0, "LOCALID": 0, "PROCID": 0}
    for name, value in numbers.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    before = {number: signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGTERM)}
    yield tmp_path
    for number, handler in before.items():
        signal.signal(number, handler)


def signalled(monkeypatch, number: signal.Signals, at: int) -> None:
    """Send the signal in the middle of a step, counted over all epochs of four."""
    step, count = ToyMethod.training_step, iter(range(1000))

    def training_step(self, batch, index):
        loss = step(self, batch, index)
        if next(count) == at:
            os.kill(os.getpid(), number)
        return loss

    monkeypatch.setattr(ToyMethod, "training_step", training_step)


def weights(folder: str) -> torch.Tensor:
    newest = max(Path(folder).rglob("last.ckpt"), key=lambda path: path.stat().st_mtime)
    return torch.load(newest, weights_only=True)["state_dict"]["weight"]


@pytest.mark.filterwarnings("ignore")
def test_a_job_whose_time_is_up_is_queued_again_and_goes_on_from_that_step(job, monkeypatch):
    assert main([*FIT, *QUIET, "-o", "whole"]) == 0
    with monkeypatch.context() as patch:
        signalled(patch, signal.SIGUSR1, 5)
        signalled(patch, signal.SIGTERM, 6)  # as SLURM does some time later
        assert main([*FIT, *QUIET, "-o", "runs"]) == 143
    assert (job / "scontrol.txt").read_text() == "requeue 1234\n"
    (saved,) = Path("runs").rglob("hpc_ckpt_*.ckpt")
    assert torch.load(saved, weights_only=True)["global_step"] == 6
    assert main([*FIT, *QUIET, "-o", "runs"]) == 0
    assert torch.equal(weights("runs"), weights("whole"))

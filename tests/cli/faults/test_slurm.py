"""A training under SLURM, with a stand-in for it: queued again when the time is up, and the same in the end."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch

from hdrgen.cli.main import main
from tests.toys import ToyMethod

ROOT = Path(__file__).resolve().parents[3]
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


SBATCH = """# Runs a job, signals it once it waits, ends its task when it is queued again, and starts it anew.
script=$1
shift
for SLURM_RESTART_COUNT in 0 1; do
    export SLURM_RESTART_COUNT
    bash "$script" "$@" &
    job=$!
    if [ $SLURM_RESTART_COUNT = 0 ]; then
        until [ -e waits ]; do kill -0 $job || exit 9; sleep 0.05; done
        kill -USR1 $job
        until [ -e scontrol.txt ]; do sleep 0.05; done
        kill -TERM $(cat task)
    fi
    wait $job
    status=$?
    echo "start $SLURM_RESTART_COUNT: status $status"
done
exit $status
"""
SRUN = """# Starts one task, and ends as it does.
while [ "${1:0:2}" = -- ]; do shift; done
"$@" &
echo $! > task
wait $!
"""


@pytest.mark.timeout(240)
def test_a_job_of_the_script_is_queued_again_and_ends_where_an_uninterrupted_training_does(job, monkeypatch, capsys):
    """Its whole way: the signal, `scontrol requeue`, the end of the time, and `--ckpt_path last` in the next start."""
    assert main([*FIT, *QUIET, "-o", "whole"]) == 0
    capsys.readouterr()
    assert main(["configs", "show", "slurm.sbatch"]) == 0
    (job / "slurm.sbatch").write_text(capsys.readouterr().out)
    for name, script in (("sbatch", SBATCH), ("srun", SRUN), ("hdrgen", f'exec "{sys.executable}" -m hdrgen "$@"\n')):
        (job / name).write_text(f"#!/bin/bash\n{script}")
        (job / name).chmod(0o755)
    for name, value in {"NNODES": 1, "NTASKS_PER_NODE": 1, "NODELIST": "127.0.0.1"}.items():
        monkeypatch.setenv(f"SLURM_{name}", str(value))
    for name, value in {"HDRGEN": "hdrgen", "PYTHONPATH": ROOT, "GLOO_SOCKET_IFNAME": "lo"}.items():
        monkeypatch.setenv(name, str(value))
    words = ["--model=tests.toys.ToyMethod", *FIT[2:], *QUIET, "--data.num_workers=0", "--trainer.precision=32-true"]
    words += ["--trainer.callbacks+=tests.toys.WaitsForTheEnd", "-o", "runs"]
    command = [str(job / "sbatch"), "slurm.sbatch", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as begun:
        try:
            told, _ = begun.communicate(timeout=200)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(begun.pid, signal.SIGKILL)  # whatever hangs
    assert begun.returncode == 0, told
    assert (job / "scontrol.txt").read_text() == "requeue 1234\n"
    assert "time is up: job 1234 is queued again\n" in told
    assert told.count("start 0: status 143\n") == 1
    kept = [torch.load(path, weights_only=True)["epoch"] for path in sorted(Path("runs").rglob("last.ckpt"))]
    assert kept == [0, 2]
    assert torch.equal(weights("runs"), weights("whole"))

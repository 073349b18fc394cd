"""Programs of several processes, started apart from the tests."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HIDDEN = ("PYTEST_XDIST", "MASTER_", "LOCAL_RANK", "NODE_RANK")
"""What a test before leaves in the environment, by which processes would wait for others than their own."""


def run_apart(arguments: Sequence[str], folder: Path, *, timeout: float, status: int = 0) -> str:
    """Run Python with these arguments in a folder, which has to end with this status; what it printed, and its errors.

    Args:
        arguments: Of Python.
        folder: Where it runs.
        timeout: Seconds, against what hangs, also where others take the processors.
        status: That it ends with.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def run_twice_over(module: str, folder: Path, *, timeout: float) -> Path:
    """Run a module in two processes that torchrun joins; it gets the folder, which comes back."""
    launcher = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--master-port=0", "--standalone"]
    run_apart([*launcher, "-m", module, str(folder)], folder, timeout=timeout)
    return folder

"""What a measurement was made with: every benchmark prints it first."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

import torch

import hdrgen


def print_environment() -> None:
    """Machine, date, versions, threads and commit, in one line."""
    print(
        f"{datetime.date.today()} | {processor()}, {os.cpu_count()} cores | Python {platform.python_version()}, "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads | hdrgen {hdrgen.__version__} at {commit()}"
    )


def processor() -> str:
    """The processor's name, as Linux tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def commit() -> str:
    """Short hash of the checkout, with `-dirty` where it has changes."""
    folder = Path(__file__).parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--exclude=*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "unknown"

"""What a measurement was made with: every benchmark prints it first."""

import datetime
import os
import platform
from pathlib import Path

import torch

import hdrgen
from hdrgen.provenance import commit


def print_environment() -> None:
    """Machine, date, versions, threads and commit, in one line."""
    print(
        f"{datetime.date.today()} | {processor()}, {os.cpu_count()} cores | Python {platform.python_version()}, "
        f"torch {torch.__version__}, {torch.get_num_threads()} threads | "
        f"hdrgen {hdrgen.__version__} at {commit() or 'an unknown commit'}"
    )


def processor() -> str:
    """The processor's name, as Linux tells it."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()

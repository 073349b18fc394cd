"""A command as a user types it: time and peak memory of its process."""

import os
import subprocess
import sys
import time
from typing import NamedTuple


class Cost(NamedTuple):
    """Seconds, seconds of the processor, and GiB at most."""

    seconds: float
    processor: float
    memory: float

    def __str__(self) -> str:
        """As cells of a table."""
        return f"{self.seconds:.1f} | {self.processor:.1f} | {self.memory:.2f} GiB"


def cost_of(*arguments: str, module: str = "hdrgen") -> Cost:
    """What `hdrgen ARGUMENTS`, or another module that is run, costs."""
    command = [sys.executable, "-m", module, *arguments]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit status {process.returncode}")
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20)  # KiB on Linux

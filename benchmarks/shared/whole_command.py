"""A command as a user types it: time and peak memory of its process."""

import subprocess
import sys
import time
from typing import NamedTuple

_STARTER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, used = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss)  # KiB on Linux
"""


class Cost(NamedTuple):
    """Seconds, seconds of the processor, and GiB at most."""

    seconds: float
    processor: float
    memory: float

    def __str__(self) -> str:
        """As cells of a table."""
        return f"{self.seconds:.1f} | {self.processor:.1f} | {self.memory:.2f} GiB"


def cost_of(*arguments: str, module: str = "hdrgen") -> Cost:
    """What `hdrgen ARGUMENTS`, or another module that is run, costs.

    A small process starts it, since Linux counts to the peak of a process what the one that started it held.
    """
    command = [sys.executable, "-m", module, *arguments]
    start = time.perf_counter()
    told = subprocess.run([sys.executable, "-S", "-c", _STARTER, *command], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    status, processor, kibibytes = told.stdout.split()
    if int(status):
        raise RuntimeError(f"{' '.join(command)}: exit status {status}")
    return Cost(seconds, float(processor), float(kibibytes) / 2**20)

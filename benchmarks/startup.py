"""How long the command takes to answer: `hdrgen --help`, the help of every light verb, and verbs that only list.

Each is started in a process of its own, as a shell does; medians of the runs, of the clock and of the processor. The
bar is one of the processor: it is what the clock says where no other program runs. Prints markdown rows.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli.main import VERBS

COMMAND = Path(sys.executable).with_name("hdrgen")
FRONT_DOOR_BAR, VERB_BAR = 0.2, 1.0
LISTS = ("methods", "metrics", "configs", "weights")
"""Verbs that answer without being given anything."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each command (%(default)s)")
    runs = parser.parse_args().runs
    light = [[verb, "--help"] for verb, entry in VERBS.items() if entry.module.startswith("hdrgen.commands")]
    light += [[verb] for verb in LISTS]
    bars = [(["--help"], FRONT_DOOR_BAR), (["--version"], FRONT_DOOR_BAR), *((verb, VERB_BAR) for verb in light)]
    print("| command | by the clock | by the processor | bar | met |\n|---|---|---|---|---|")
    met = [report(arguments, bar, *median_times(arguments, runs)) for arguments, bar in bars]
    return 0 if all(met) else 1


def median_times(arguments: Sequence[str], runs: int) -> list[float]:
    """Seconds by clock and processor; one more run beforehand fills the disk cache and the byte code."""
    rounds = [seconds(arguments) for _ in range(runs + 1)][1:]
    return [statistics.median(each) for each in zip(*rounds, strict=True)]


def seconds(arguments: Sequence[str]) -> tuple[float, float]:
    """Of one run, by clock and processor."""
    start, used = time.perf_counter(), processor()
    subprocess.run([str(COMMAND), *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start, processor() - used


def processor() -> float:
    """Seconds of the processor that all processes took that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(arguments: Sequence[str], bar: float, taken: float, used: float) -> bool:
    """Print a row; whether the bar is met."""
    met = "yes" if used < bar else "NO"
    print(f"| `hdrgen {' '.join(arguments)}` | {taken:.3f} s | {used:.3f} s | {bar:g} s | {met} |", flush=True)
    return used < bar


if __name__ == "__main__":
    sys.exit(main())

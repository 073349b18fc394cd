"""How long the command takes to answer: `hdrgen --help` and the help of every light verb.

Each is started in a process of its own, as a shell does; the median of the runs counts. Prints markdown rows.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli.main import VERBS

COMMAND = Path(sys.executable).with_name("hdrgen")
FRONT_DOOR_BAR, VERB_BAR = 0.2, 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7, help="of each command (%(default)s)")
    runs = parser.parse_args().runs
    light = [[verb, "--help"] for verb, entry in VERBS.items() if entry.module.startswith("hdrgen.commands")]
    bars = [(["--help"], FRONT_DOOR_BAR), (["--version"], FRONT_DOOR_BAR), *((verb, VERB_BAR) for verb in light)]
    print("| command | median | bar | met |\n|---|---|---|---|")
    met = [report(arguments, bar, median_time(arguments, runs)) for arguments, bar in bars]
    return 0 if all(met) else 1


def median_time(arguments: Sequence[str], runs: int) -> float:
    """Seconds; one more run beforehand fills the disk cache and the byte code."""
    return statistics.median([seconds(arguments) for _ in range(runs + 1)][1:])


def seconds(arguments: Sequence[str]) -> float:
    """Wall-clock time of one run."""
    start = time.perf_counter()
    subprocess.run([str(COMMAND), *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def report(arguments: Sequence[str], bar: float, taken: float) -> bool:
    """Print a row; whether the bar is met."""
    print(f"| `hdrgen {' '.join(arguments)}` | {taken:.3f} s | {bar:g} s | {'yes' if taken < bar else 'NO'} |")
    return taken < bar


if __name__ == "__main__":
    sys.exit(main())

r"""What `hdrgen expand` costs on one large photograph, as a user types it, with each of some networks.

    OMP_NUM_THREADS=2 python -m benchmarks.expand_photograph photo.jpg \
        inverse_camera=inverse_camera.safetensors cevr=CE/last.ckpt

Prints a markdown table: seconds, seconds of the processor and peak memory of whole processes, the median of the runs by
processor time. One more run beforehand fills the disk cache and the byte code.
"""

import argparse
import sys
import tempfile
from operator import attrgetter

from benchmarks.shared.environment import print_environment
from benchmarks.shared.whole_command import Cost, cost_of

MOST_SECONDS, MOST_MEMORY = 8.0, 1.5e9 / 2**30
"""Of the processor, and GiB: what a photograph of 24 megapixels is to stay below."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photograph")
    parser.add_argument("networks", nargs="+", metavar="NAME=FILE", help="weights or checkpoints")
    parser.add_argument("--runs", type=int, default=3, help="of each network (%(default)s)")
    options = parser.parse_args()
    print_environment()
    print("| network | seconds | of the processor | memory | below the bar |\n|---|---|---|---|---|")
    met = [report(*network.split("=", 1), options.photograph, options.runs) for network in options.networks]
    return 0 if all(met) else 1


def report(name: str, file: str, photograph: str, runs: int) -> bool:
    """Print a row; whether the bar is met."""
    cost = median_cost(file, photograph, runs)
    met = cost.processor < MOST_SECONDS and cost.memory < MOST_MEMORY
    print(f"| {name} | {cost} | {'yes' if met else 'no'} |", flush=True)
    return met


def median_cost(file: str, photograph: str, runs: int) -> Cost:
    """Of one network."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-expand-") as folder:
        arguments = ("expand", photograph, "--ckpt_path", file, "-o", folder, "--overwrite", "--device", "cpu")
        costs = [cost_of(*arguments) for _ in range(runs + 1)][1:]
    return sorted(costs, key=attrgetter("processor"))[runs // 2]


if __name__ == "__main__":
    sys.exit(main())

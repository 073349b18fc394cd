"""The base of `layer_decomposition` by rows, as photographs have it, beside Fourier transforms of the whole.

Processor time of both in turn in one process, on the logarithm of a generated scene. Prints a markdown table. How far
the bases are apart is rounding: the last column shows how far each is from double precision.
"""

import argparse
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

from benchmarks.shared.environment import print_environment
from hdrgen.data import procedural_radiance
from hdrgen.tonemap import gradient_penalties
from hdrgen.tonemap.gradient_penalties import SmallBase, SparseDetail, base_layer
from hdrgen.tonemap.planes import stretch

PENALTIES = [SmallBase(0.3), SparseDetail(0.003)]
WAYS = {"whole": sys.maxsize, "by rows": 0}
"""`FEW` of each."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(4000, 6000), help="height, width (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=2, help="of each, the least counts (default: %(default)s)")
    parser.add_argument("--exact", action="store_true", help="compare with double precision")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print_environment()
    height, width = options.size
    scene = procedural_radiance(500, torch.Generator().manual_seed(0)).repeat(1, -(-height // 500), -(-width // 500))
    plane = stretch((scene[:, :height, :width].amax(0, keepdim=True) + 1e-4).log())
    rounds = [{way: timed(lambda way=way: base(plane, way)) for way in WAYS} for _ in range(options.repeats)]
    least = {way: min(each[way] for each in rounds) for way in WAYS}
    exact = base(plane.double(), "whole") if options.exact else None
    print(f"\n{width} x {height}\n\n| way | processor seconds | part | 99.9 % from double precision below |")
    print("|---|---|---|---|")
    for way, seconds in least.items():
        apart = "" if exact is None else f"{(base(plane, way) - exact).abs().flatten()[::97].quantile(0.999):.1e}"
        print(f"| {way} | {seconds:.2f} | {seconds / least['whole']:.2f} | {apart} |")
    return 0


@torch.inference_mode()
def base(plane: Tensor, way: str) -> Tensor:
    """The first base of an image, as the operator has it."""
    gradient_penalties.FEW = WAYS[way]
    return base_layer(plane, PENALTIES, iterations=15, growth=4)


def timed(work: Callable[[], Tensor]) -> float:
    """Processor seconds of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.exit(main())

"""Processor seconds of each metric of radiance that `hdrgen compare` takes by itself, one after the other.

The pair is a generated scene and the same with 5 % noise, already in memory: reading is `hdrgen compare`'s own.
"""

import argparse
import sys
import time

import torch

from benchmarks.shared.environment import print_environment
from hdrgen.data import procedural_radiance
from hdrgen.metrics import all_metrics

TAKEN = ("radiance", "luminance")
BRIGHTEST = 1000.0  # cd/m2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(2000, 3000), help="height, width (default: %(default)s)")
    parser.add_argument("--metrics", nargs="+", help="names (default: all that need nothing else)")
    options = parser.parse_args()
    print_environment()
    height, width = options.size
    scene = procedural_radiance(500, torch.Generator().manual_seed(0)).repeat(1, -(-height // 500), -(-width // 500))
    target = scene[None, :, :height, :width] * (BRIGHTEST / scene.max())
    noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(1))
    image = (target * (1 + 0.05 * noise)).clamp_min(0)
    print(f"\n{width} x {height}\n\n| metric | processor seconds |\n|---|---|")
    usual = [name for name, metric in all_metrics().items() if not metric.needs and metric.domain in TAKEN]
    for name in options.metrics or usual:
        metric = all_metrics()[name]()
        start = time.process_time()
        with torch.inference_mode():
            metric.measure(image, target)
        print(f"| {name} | {time.process_time() - start:.2f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

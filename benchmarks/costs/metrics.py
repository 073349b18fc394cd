"""Processor seconds of each metric of radiance that `hdrgen compare` takes by itself, one after the other.

The pair is a generated scene and the same with 5 % noise, already in memory: reading is `hdrgen compare`'s own. With
`--whole`, what `hdrgen compare --metrics NAME` costs: a process for each metric, that reads two .exr files; and its
peak memory. The row `all` is the command without `--metrics`.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.shared.environment import print_environment
from benchmarks.shared.whole_command import cost_of
from hdrgen.data import procedural_radiance
from hdrgen.io import write_image
from hdrgen.metrics import all_metrics

TAKEN = ("radiance", "luminance")
BRIGHTEST = 1000.0  # cd/m2
ALL = "all"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(2000, 3000), help="height, width (default: %(default)s)")
    parser.add_argument("--metrics", nargs="+", help="names (default: all that need nothing else)")
    parser.add_argument("--whole", action="store_true", help="the command, with its peak memory")
    options = parser.parse_args()
    print_environment()
    height, width = options.size
    usual = [name for name, metric in all_metrics().items() if not metric.needs and metric.domain in TAKEN]
    names = options.metrics or [*usual, *([ALL] if options.whole else [])]
    print(f"\n{width} x {height}\n")
    if options.whole:
        compare_files(names, height, width)
    else:
        measure(names, *pair(height, width))
    return 0


def pair(height: int, width: int) -> tuple[Tensor, Tensor]:
    """Result and truth (1, 3, H, W)."""
    scene = procedural_radiance(500, torch.Generator().manual_seed(0)).repeat(1, -(-height // 500), -(-width // 500))
    target = scene[None, :, :height, :width] * (BRIGHTEST / scene.max())
    noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(1))
    return (target * (1 + 0.05 * noise)).clamp_min(0), target


@torch.inference_mode()
def measure(names: Sequence[str], image: Tensor, target: Tensor) -> None:
    """A row for each metric."""
    print("| metric | processor seconds |\n|---|---|")
    for name in names:
        metric = all_metrics()[name]()
        start = time.process_time()
        metric.measure(image, target)
        print(f"| {name} | {time.process_time() - start:.2f} |", flush=True)


def compare_files(names: Sequence[str], height: int, width: int) -> None:
    """A row for each command."""
    print("| metric | seconds | processor seconds | peak memory |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="hdrgen-compare-") as folder:
        files = [
            str(write_image(Path(folder) / f"{name}.exr", image[0].permute(1, 2, 0).numpy()))
            for name, image in zip(("test", "truth"), pair(height, width), strict=True)
        ]
        for name in names:
            chosen = [] if name == ALL else ["--metrics", name]
            print(f"| {name} | {cost_of('compare', *reversed(files), *chosen)} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())

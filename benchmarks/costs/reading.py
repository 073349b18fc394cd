"""What reading radiance costs, and of that the look for NaN, negative and black pixels: OpenEXR and .hdr.

Processor seconds of one thread, medians. The look goes over the bits of the values, and by masks of each kind of defect
only where there is one; beside it, the masks alone, which were all there was before.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.shared.environment import print_environment
from hdrgen.io import radiance, read_image, write_image

FORMATS = {"OpenEXR, half": ("half.exr", False), "OpenEXR, float": ("float.exr", True), "Radiance": ("a.hdr", False)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(4000, 6000), help="height, width (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="of each (%(default)s)")
    options = parser.parse_args()
    print_environment()
    print("\n| file | reading it | the look for defects | the same by masks |\n|---|---|---|---|")
    pixels = generated(*options.size)
    with tempfile.TemporaryDirectory(prefix="hdrgen-reading-") as folder:
        for kind, (name, float32) in FORMATS.items():
            path = write_image(Path(folder) / name, pixels, float32=float32)
            found = read_image(path).pixels
            costs = [
                median(work, options.repeats)
                for work in (
                    lambda path=path: read_image(path),
                    lambda found=found, path=path: radiance.checked_radiance(found, path, clean=False),
                    lambda found=found: by_masks(found),
                )
            ]
            print(f"| {kind} | {' | '.join(f'{each:.3f} s' for each in costs)} |", flush=True)
    return 0


def generated(height: int, width: int) -> np.ndarray:
    """Radiance over twelve stops, none of it black."""
    generator = np.random.default_rng(0)
    tile = np.exp2(generator.uniform(-6, 6, (250, 250, 3))).astype(np.float32)
    return np.tile(tile, (-(-height // 250), -(-width // 250), 1))[:height, :width]


def by_masks(pixels: Any) -> list[int]:
    """How many pixels have each defect."""
    return np.sum([radiance._Defects.of(part).counts() for part in radiance._parts(pixels)], axis=0).tolist()


def median(work: Callable[[], Any], repeats: int) -> float:
    """Seconds of the processor."""
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


if __name__ == "__main__":
    sys.exit(main())

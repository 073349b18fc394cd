"""What the automatic size of tiles buys: bytes a pixel that trained networks hold, and the cost of fixed sizes.

Every size runs in a process of its own, on one thread: exposures and radiance of a generated photograph. Seconds are
the processor's. `--fresh-heap` leaves freed memory to glibc, see `hdrgen.tiling.kept_heap.heap_kept`.
"""

import argparse
import resource
import subprocess
import sys
import time
from typing import Any

import torch
from torch import Tensor

from benchmarks.shared.environment import print_environment
from hdrgen.data import Batch
from hdrgen.methods.loading import load_method
from hdrgen.tiling import TileSize, Tiling, live_memory
from hdrgen.tiling.regions import computed, regions

Noted = tuple[str, float, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="NAME=CHECKPOINT")
    parser.add_argument("--tiles", nargs="+", default=["auto", "512", "1024"], help="(default: %(default)s)")
    parser.add_argument("--width", type=int, default=3000, help="of the photograph (default: %(default)s)")
    parser.add_argument("--height", type=int, default=2000, help="of the photograph (default: %(default)s)")
    parser.add_argument("--fresh-heap", action="store_true", help="let glibc return what is freed")
    parser.add_argument("--alone", action="store_true", help="in this process")
    options = parser.parse_args()
    if not options.methods:
        print("skipped: pass NAME=CHECKPOINT for each method")
        return 0
    if options.alone:
        print(measured(options.methods[0], options.tiles[0], options), flush=True)
        return 0
    print_environment()
    print(
        "| method | tile | bytes a pixel | its size | a pixel computed | processor seconds | memory above the start |"
    )
    print("|---|---|---|---|---|---|---|", flush=True)
    same = [f"--width={options.width}", f"--height={options.height}", "--alone"]
    same += ["--fresh-heap"] * options.fresh_heap
    for method in options.methods:
        for tile in options.tiles:
            words = ["-W", "ignore", "-m", "benchmarks.tile_sizes", method, "--tiles", tile]
            subprocess.run([sys.executable, *words, *same], check=True)
    return 0


def measured(method: str, tile: str, options: argparse.Namespace) -> str:
    """A row of the table."""
    torch.set_num_threads(1)
    if options.fresh_heap:
        live_memory._glibc = lambda: None  # type: ignore[assignment]
    name, checkpoint = method.split("=", 1)
    model = load_method(checkpoint).eval()
    model.tile = int(tile) if tile.isdigit() else tile  # type: ignore[assignment]
    frames = 1 if model.generates else 3
    ldr = torch.rand(1, frames, 3, options.height, options.width)
    ev = 2 * torch.arange(frames, dtype=torch.float32)[None]
    batch: Batch = {"scene": ["photo"], "ldr": ldr, "ev": ev, "ref": torch.tensor([frames // 2])}
    sizes = noted_sizes()
    before, start = resident_peak(), time.process_time()
    with torch.inference_mode():
        model.predict_step(batch, 0)
    seconds, above = time.process_time() - start, resident_peak() - before
    size, times, density = max(sizes, key=lambda each: each[2])  # tiles of what is prepared hold less
    row = (name, tile, f"{density:.0f}", size, f"{times:.2f}", f"{seconds:.1f}", f"{above / 1e9:.2f} GB")
    return f"| {' | '.join(row)} |"


def noted_sizes() -> list[Noted]:
    """Of each image the size of its tiles, how often they compute a pixel, and the bytes held for one."""
    noted: list[Noted] = []
    chosen = Tiling.size

    def size(self: Tiling, function: Any, image: Tensor, tile: TileSize) -> tuple[int, int] | None:
        result = chosen(self, function, image, tile)
        whole = (image.shape[-2], image.shape[-1])
        even = next(iter(regions(whole, self.multiple, result, self.overlap)))
        times = computed(whole, (even.height, even.width), self.multiple, self.overlap)
        noted.append((f"{even.width} x {even.height}", times, self.density(function, image)))
        return result

    Tiling.size = size  # type: ignore[method-assign]
    return noted


def resident_peak() -> int:
    """Bytes that the process held at most so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # KiB on Linux


if __name__ == "__main__":
    sys.exit(main())

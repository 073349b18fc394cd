"""Peak memory and time of `hdrgen predict` on a 24-megapixel JPEG with the `small` network, in a process of its own."""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.environment import print_environment
from hdrgen.io import write_image

COMMAND = str(Path(sys.executable).with_name("hdrgen"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=6000, help="of the photograph (%(default)s)")
    parser.add_argument("--height", type=int, default=4000, help="of the photograph (%(default)s)")
    parser.add_argument(
        "--ckpt_path", help="trained network; without one, a network after one step: memory is the same"
    )
    options = parser.parse_args()
    print_environment()
    with tempfile.TemporaryDirectory(prefix="hdrgen-memory-") as name:
        folder = Path(name)
        checkpoint = options.ckpt_path or one_step(folder)
        photo = photograph(folder / "photo.jpg", options.width, options.height)
        start = time.perf_counter()
        run("predict", "--ckpt_path", checkpoint, "--data.predict", str(photo), "-o", str(folder / "out"))
        seconds = time.perf_counter() - start
    # ru_maxrss is in KiB on Linux, and the largest of all children: training one step needs far less
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    size = options.width * options.height / 1e6
    print("| photograph | peak memory | time, reading and writing included |\n|---|---|---|")
    print(f"| {size:.0f} megapixels, 4 exposures, .exr, .hdr, preview | {peak:.1f} GiB | {seconds:.0f} s |")
    return 0


def run(*arguments: str) -> None:
    subprocess.run([COMMAND, *arguments, "--trainer.enable_progress_bar=false"], check=True, stdout=subprocess.DEVNULL)


def one_step(folder: Path) -> str:
    """A checkpoint of the small network."""
    scenes = ("--config", "multi_exposure_small", "--config", "quickstart_scenes", "--data.val", "null")
    run("fit", *scenes, "--trainer.max_steps", "1", "-o", str(folder / "runs"))
    return str(next((folder / "runs").rglob("last.ckpt")))


def photograph(path: Path, width: int, height: int) -> Path:
    """A picture with detail at several scales."""
    generator = np.random.default_rng(0)
    pixels = np.zeros((height, width, 3), np.float32)
    for octave in range(4, 11):
        cells = generator.random((height * 2**octave // 2**11 + 1, width * 2**octave // 2**11 + 1, 3), np.float32)
        rows, columns = (np.arange(side) * 2**octave // 2**11 for side in (height, width))
        pixels += cells[rows][:, columns] / 7
    return write_image(path, pixels)


if __name__ == "__main__":
    sys.exit(main())

"""Peak memory and time of `hdrgen predict` on 24-megapixel JPEGs with each `small` network, in a process of its own."""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.shared.environment import print_environment
from benchmarks.shared.whole_command import cost_of
from hdrgen.io import Exposure, write_image

QUIET = "--trainer.enable_progress_bar=false"
SMALL = ("multi_exposure_small", "cevr_small", "deep_synth_small", "adaptive_itm_small", "hdr_gan_small")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="*", default=SMALL, help="(all small ones)")
    parser.add_argument("--width", type=int, default=6000, help="of the photograph (%(default)s)")
    parser.add_argument("--height", type=int, default=4000, help="of the photograph (%(default)s)")
    parser.add_argument("--tile", default="auto", help="as `hdrgen predict` takes it (%(default)s)")
    parser.add_argument(
        "--ckpt_path", help="trained network; without one, a network after one step: memory is the same"
    )
    options = parser.parse_args()
    print_environment()
    print("| config | photograph | exposures beside it | peak memory | time, reading and writing included |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="hdrgen-memory-") as folder:
        for config in options.configs:
            checkpoint = options.ckpt_path or one_step(config, Path(folder) / config)
            print(measured(config, checkpoint, options), flush=True)
    return 0


def measured(config: str, checkpoint: str, options: argparse.Namespace) -> str:
    """A row of the table."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-memory-") as name:
        folder = Path(name)
        count = 3 if "hdr_gan" in config else 1
        photo = [photograph(folder / f"photo{ev}.jpg", options.width, options.height, ev) for ev in range(count)]
        told = ["-o", str(folder / "out"), f"--tile={options.tile}", QUIET]
        cost = cost_of("predict", "--ckpt_path", checkpoint, "--data.predict", *map(str, photo), *told)
        made = len(list((folder / "out").rglob("*.png")))
    peak = cost.memory * 2**30 / 1e9
    size = options.width * options.height / 1e6
    return f"| {config} | {count} x {size:.0f} megapixels | {max(0, made - 1)} | {peak:.2f} GB | {cost.seconds:.0f} s |"


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "hdrgen", *arguments, QUIET], check=True, stdout=subprocess.DEVNULL)


def one_step(config: str, folder: Path) -> str:
    """A checkpoint of a small network."""
    scenes = ("--config", config, "--data.train", "MovingScenes" if "hdr_gan" in config else "ProceduralScenes")
    run("fit", *scenes, "--trainer.max_steps", "1", "-o", str(folder / "runs"))
    return str(next((folder / "runs").rglob("last.ckpt")))


def photograph(path: Path, width: int, height: int, ev: int = 0) -> Path:
    """A picture with detail at several scales; its EXIF says that it is `ev` stops brighter than 1/100 s."""
    generator = np.random.default_rng(0)
    pixels = np.zeros((height, width, 3), np.float32)
    for octave in range(4, 11):
        cells = generator.random((height * 2**octave // 2**11 + 1, width * 2**octave // 2**11 + 1, 3), np.float32)
        rows, columns = (np.arange(side) * 2**octave // 2**11 for side in (height, width))
        pixels += cells[rows][:, columns] / 7
    return write_image(path, pixels, exposure=Exposure(time=2.0**ev / 100))


if __name__ == "__main__":
    sys.exit(main())

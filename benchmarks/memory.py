"""Peak memory and time of `hdrgen predict` on 24-megapixel JPEGs with each `small` network, in a process of its own.

Other configurations are named: `cevr`, `hdrunet`, ... have the widths of their papers. The networks have random
weights, which change neither time nor memory.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
import yaml
from jsonargparse import ArgumentParser

from benchmarks.shared.environment import print_environment
from benchmarks.shared.whole_command import cost_of
from hdrgen.configs import names, path_of
from hdrgen.exporting.weights_file import content_of, weights_of
from hdrgen.io import Exposure, write_image
from hdrgen.methods import HDRModule
from hdrgen.weights import full_name

QUIET = "--trainer.enable_progress_bar=false"
SMALL = [name for name in names() if name.endswith("_small")]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="*", default=SMALL, help="(all small ones)")
    parser.add_argument("--width", type=int, default=6000, help="of the photograph (%(default)s)")
    parser.add_argument("--height", type=int, default=4000, help="of the photograph (%(default)s)")
    parser.add_argument("--tile", default="auto", help="as `hdrgen predict` takes it (%(default)s)")
    parser.add_argument(
        "--ckpt_path", help="trained network; without one, a network of random weights: memory is the same"
    )
    options = parser.parse_args()
    print_environment()
    print("| config | photograph | exposures beside it | peak memory | time, reading and writing | of the processor |")
    print("|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="hdrgen-memory-") as folder:
        for config in options.configs:
            method, content = untrained(config)
            weights = Path(folder) / f"{config}.safetensors"
            weights.write_bytes(content)
            count = 3 if method.input == "bracket" else 1
            print(measured(config, count, options.ckpt_path or str(weights), options), flush=True)
            weights.unlink()
    return 0


def measured(config: str, count: int, weights: str, options: argparse.Namespace) -> str:
    """A row of the table."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-memory-") as name:
        folder = Path(name)
        photo = [photograph(folder / f"photo{ev}.jpg", options.width, options.height, ev) for ev in range(count)]
        told = ["-o", str(folder / "out"), f"--tile={options.tile}", QUIET]
        cost = cost_of("predict", "--ckpt_path", weights, "--data.predict", *map(str, photo), *told)
        made = len(list((folder / "out").rglob("*.png")))
    peak = cost.memory * 2**30 / 1e9
    size = options.width * options.height / 1e6
    seconds = f"{cost.seconds:.0f} s | {cost.processor:.0f} s"
    return f"| {config} | {count} x {size:.0f} megapixels | {max(0, made - 1)} | {peak:.2f} GB | {seconds} |"


def untrained(config: str) -> tuple[HDRModule, bytes]:
    """The method of a packaged configuration with random weights, and the file of these."""
    settings = yaml.safe_load(path_of(config).read_text(encoding="utf-8"))["model"]
    if settings["class_path"] == "CEVR":
        settings.setdefault("init_args", {})["pretrained"] = False
    parser = ArgumentParser()
    parser.add_subclass_arguments(HDRModule, "model")
    parsed = parser.parse_object({"model": settings})
    torch.manual_seed(0)
    method: HDRModule = parser.instantiate(parsed).model
    arguments = parsed.model.as_dict()["init_args"]
    network = {key: value for key, value in arguments.items() if key not in ("optimizer", "scheduler")}
    settings = {"class_path": full_name(type(method)), "init_args": network}
    return method, content_of(settings, weights_of(method))


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

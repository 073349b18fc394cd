"""How far exposures and radiance made in tiles are from those made of the whole photograph, for trained networks.

Methods are given as NAME=CHECKPOINT. The photograph is generated; `--photo` takes one of yours, cut to the size.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.environment import print_environment
from benchmarks.memory import photograph
from hdrgen.checkpoints import load_method
from hdrgen.io import read_image
from hdrgen.methods import HDRModule
from hdrgen.methods.base import Prediction


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="NAME=CHECKPOINT")
    parser.add_argument("--width", type=int, default=3000, help="of the photograph (%(default)s)")
    parser.add_argument("--height", type=int, default=2000, help="of the photograph (%(default)s)")
    parser.add_argument("--photo", type=Path, help="a photograph at least as large")
    options = parser.parse_args()
    if not options.methods:
        print("skipped: pass NAME=CHECKPOINT for each method")
        return 0
    print_environment()
    image = load(options)
    print("| method | largest difference of an exposure | 99.9 % below | radiance, 99.9 % below | seconds | untiled |")
    print("|---|---|---|---|---|---|", flush=True)
    for method in options.methods:
        name, checkpoint = method.split("=", 1)
        print(compared(name, load_method(checkpoint).eval(), image), flush=True)
    return 0


def load(options: argparse.Namespace) -> Tensor:
    """The photograph `(1, 3, H, W)`."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-tiles-") as folder:
        path = options.photo or photograph(Path(folder) / "photo.png", options.width, options.height)
        pixels = read_image(path).as_float()[: options.height, : options.width]
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


@torch.inference_mode()
def compared(name: str, model: HDRModule, image: Tensor) -> str:
    """A row of the table."""
    tiled, seconds = predicted(model, image, "auto")
    whole, untiled = predicted(model, image, "none")
    exposures = (tiled["stack"].float() - whole["stack"].float()).abs().flatten() * 255
    radiance = ((tiled["hdr"] - whole["hdr"]).abs() / whole["hdr"].clamp_min(1e-4)).flatten()
    high, relative = (x.kthvalue(int(0.999 * x.numel())).values for x in (exposures, radiance))
    return (
        f"| {name} | {exposures.max():.2f} / 255 | {high:.2f} / 255 | {100 * relative:.2f} %"
        f" | {seconds:.0f} | {untiled:.0f} |"
    )


def predicted(model: HDRModule, image: Tensor, tile: str) -> tuple[Prediction, float]:
    """What predict makes of a photograph, and the seconds it took."""
    model.tile = tile  # type: ignore[assignment]
    batch = {
        "scene": ["photo"],
        "ldr": image[:, None],
        "ev": torch.zeros(1, 1),
        "ref": torch.zeros(1, dtype=torch.long),
    }
    start = time.perf_counter()
    return model.predict_step(batch, 0), time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())

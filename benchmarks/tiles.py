"""How far exposures and radiance made in tiles are from those made of the whole photograph, for trained networks.

Methods are given as NAME=CHECKPOINT. The photograph is generated; `--photo` takes one of yours, cut to the size, and
mirrored where it is smaller. A method that merges photographs is given three exposures of it, at -2, 0 and +2 EV.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.memory import photograph
from benchmarks.shared.environment import print_environment
from hdrgen.camera import SRGB, form_image
from hdrgen.data import Batch
from hdrgen.io import read_image
from hdrgen.methods import HDRModule
from hdrgen.methods.loading import load_method


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", metavar="NAME=CHECKPOINT")
    parser.add_argument("--width", type=int, default=3000, help="of the photograph (%(default)s)")
    parser.add_argument("--height", type=int, default=2000, help="of the photograph (%(default)s)")
    parser.add_argument("--photo", type=Path, help="a photograph")
    options = parser.parse_args()
    if not options.methods:
        print("skipped: pass NAME=CHECKPOINT for each method")
        return 0
    print_environment()
    image = load(options)
    print(
        f"photograph of {image.shape[-1]} x {image.shape[-2]}: {options.photo.name if options.photo else 'generated'}"
    )
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
        pixels = read_image(path).as_float()
    beyond = [
        (0, max(0, wanted - side))
        for wanted, side in zip((options.height, options.width), pixels.shape[:2], strict=False)
    ]
    whole = np.pad(pixels, [*beyond, (0, 0)], mode="symmetric")[: options.height, : options.width]
    return torch.from_numpy(whole).permute(2, 0, 1)[None].contiguous()


@torch.inference_mode()
def compared(name: str, model: HDRModule, image: Tensor) -> str:
    """A row of the table; display values of the exposures, and radiance, which an exposure alone does not make."""
    (tiled, seconds), (whole, untiled) = (made(model, image, tile) for tile in ("auto", "none"))
    exposures, radiance = "-", (tiled[-1] - whole[-1]).abs() / whole[-1].clamp_min(1e-4)
    high = f"{100 * quantile(radiance):.2f} %"
    if model.generates:
        apart = (tiled[0] - whole[0]).abs() * 255
        exposures = f"{apart.max():.2f} / 255 | {quantile(apart):.2f} / 255"
    else:
        apart = (shown(tiled[-1]) - shown(whole[-1])).abs() * 255
        exposures = f"{apart.max():.2f} / 255 (radiance, sRGB) | {quantile(apart):.2f} / 255"
    return f"| {name} | {exposures} | {high} | {seconds:.0f} | {untiled:.0f} |"


def quantile(values: Tensor) -> float:
    """Below which 99.9 % of them lie."""
    return float(values.flatten().kthvalue(int(0.999 * values.numel())).values)


def shown(radiance: Tensor) -> Tensor:
    """As display values, the brightest 0.1 % clipped."""
    return SRGB()((radiance / quantile(radiance)).clamp(0, 1))


def made(model: HDRModule, image: Tensor, tile: str) -> tuple[list[Tensor], float]:
    """Exposures, where the method makes them, and radiance; and the seconds that both took."""
    model.tile = tile  # type: ignore[assignment]
    parts: list[Callable[[], Tensor]] = [lambda: model.reconstruct(batch_of(image, model.generates))]
    if model.generates:
        parts.insert(0, lambda: model.generated_stack(image)[0])
    start = time.perf_counter()
    return [part() for part in parts], time.perf_counter() - start


def batch_of(image: Tensor, single: bool) -> Batch:
    """The photograph, or three exposures of it."""
    ev = torch.zeros(1, 1) if single else torch.tensor([[-2.0, 0.0, 2.0]])
    ldr = image[:, None] if single else form_image(SRGB().inverse(image[0]), ev[0], SRGB())[None]
    return {"scene": ["photo"], "ldr": ldr, "ev": ev, "ref": torch.tensor([ev.shape[1] // 2])}


if __name__ == "__main__":
    sys.exit(main())

"""Whether a photograph means the same at any size: its radiance at 512 pixels and at 6,000, in stops.

Each photograph is brought to both sizes by Lanczos (Pillow), expanded, and the larger result averaged to the smaller
size. Mean absolute difference of log radiance over all pixels and channels, but for those below 2**-9 of white, which
8 bits hardly tell from black; beside it, what resampling alone comes to, through a curve that does not depend on the
photograph. Needs photographs and networks; says so and stops without them.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from benchmarks.shared.environment import print_environment
from hdrgen.camera import Sigmoid
from hdrgen.methods import HDRModule, LinearGain, load_method
from hdrgen.weights import find_checkpoint

SIZES = (512, 6000)
"""Pixels along the longer side."""
DARKEST = 2.0**-9


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", nargs="*", type=Path)
    parser.add_argument("--weights", default="inverse_camera", help="name or file (%(default)s)")
    options = parser.parse_args()
    if not options.photographs:
        print("skipped: pass photographs")
        return 0
    print_environment()
    methods = (load_method(find_checkpoint(options.weights)), LinearGain(Sigmoid(0.9, 0.6)))
    differences = []
    for path in options.photographs:
        differences.append([difference(method, path) for method in methods])
        print(f"{path.parent.name}/{path.name}: {told(differences[-1])}", flush=True)
    print(f"mean {told(np.mean(differences, 0))}; worst {told(np.max(differences, 0))}")
    return 0


def told(both: Sequence[float]) -> str:
    """In words."""
    return f"{both[0]:.4f} stops (resampling alone {both[1]:.4f})"


@torch.no_grad()
def difference(method: HDRModule, path: Path) -> float:
    """Stops between the two sizes."""
    small, large = (radiance(method, path, size) for size in SIZES)
    large = interpolate(large, small.shape[-2:], mode="bilinear", antialias=True)
    bright = (small > DARKEST) & (large > DARKEST)
    return float((small[bright].log2() - large[bright].log2()).abs().mean())


def radiance(method: HDRModule, path: Path, longest: int) -> Tensor:
    """`(1, 3, H, W)` of the photograph at that size."""
    picture = Image.open(path).convert("RGB")
    scale = longest / max(picture.size)
    picture = picture.resize([round(side * scale) for side in picture.size], Image.Resampling.LANCZOS)
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
    zero = torch.zeros(1, dtype=torch.long)
    return method.reconstruct({"ldr": image[:, None], "ref": zero, "scene": [path.name]})


if __name__ == "__main__":
    sys.exit(main())

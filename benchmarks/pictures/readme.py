"""Make the picture of README.md: the photograph that comes with hdrgen before and after the default weights.

Above, the photograph and the tone-mapped HDR image; below, both with less light. By that a screen without HDR shows
what is stored above white: of the photograph, all that is clipped turns grey, of the HDR image lights stay light.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import hdrgen
from hdrgen.callbacks import contact_sheet
from hdrgen.camera import SRGB
from hdrgen.examples import example_photograph
from hdrgen.tonemap import reinhard2002

STOPS = 2
"""Fewer than the photograph has."""
QUALITY, LARGEST = 85, 300_000
"""Of the JPEG, and its bytes at most."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="name or file (default: the default weights)")
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/images/expand.jpg"), help="(%(default)s)")
    options = parser.parse_args()
    model = hdrgen.load(options.weights) if options.weights else hdrgen.load()
    photograph = hdrgen.read(example_photograph())
    sheet = before_and_after(tensor_of(photograph), tensor_of(model.reconstruct(photograph)))
    hdrgen.write(options.output, sheet, quality=QUALITY)
    size = options.output.stat().st_size
    print(f"{options.output}: {size} bytes")
    if size > LARGEST:
        raise SystemExit(f"expected at most {LARGEST} bytes; pass fewer pixels to contact_sheet")


def before_and_after(photograph: Tensor, radiance: Tensor) -> np.ndarray:
    """(H, W, 3) display values of both, (3, H, W): display values, and radiance whose white is 1."""
    shown, less = SRGB(), f"{STOPS} stops less light"
    darker = [shown((light * 2.0**-STOPS).clamp(0, 1)) for light in (radiance.clamp(max=1), radiance)]
    above = [("photograph", photograph), ("HDR image, tone-mapped", reinhard2002(radiance[None])[0])]
    below = [(f"photograph, {less}", darker[0]), (f"HDR image, {less}", darker[1])]
    return contact_sheet([above, below], height=360)


def tensor_of(image: hdrgen.Image) -> Tensor:
    return torch.from_numpy(image.as_float()).permute(2, 0, 1)


if __name__ == "__main__":
    main()

"""Make the photograph that comes with hdrgen: a view of a CC0 panorama through hdrgen's own virtual camera.

The panorama has fewer pixels per degree than a photograph. It is enlarged smoothly, in stops, so that lights get no
rings; noise, sharpening and JPEG then have the size of the photograph's own pixels.
"""

import argparse
import math
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import interpolate

from hdrgen.camera import CurvePrior
from hdrgen.data import Finish, StackCamera
from hdrgen.data.virtual.panorama import View, perspective
from hdrgen.examples import example_photograph
from hdrgen.io import complete_or_nothing, read_image

WIDTH, HEIGHT = 1080, 720
VIEW = View(math.radians(110), yaw=0.0, pitch=math.radians(5), roll=0.0)
ENLARGED = 3
"""Times that the panorama is enlarged before rays are sent into it: more than the view's centre needs."""
CAMERA = StackCamera(
    evs=[0],
    curves=CurvePrior(srgb=1, power=0, plain=0, brightness=0, contrast=0.1),  # a RAW converter's, with a tone curve
    percentile=60,
    level=0.1,
    jitter=0,
    finish=Finish(full_well=(8000, 8000), sharpening=0.8, black=4, plain_ends=0, quality=None),  # the file is the JPEG
)
SEED = 4
QUALITY = 90


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("panorama", type=Path, help="circus_arena_1k.hdr of Poly Haven (CC0)")
    parser.add_argument("-o", "--output", type=Path, default=example_photograph(), help="(default: %(default)s)")
    options = parser.parse_args()
    radiance = seen(torch.from_numpy(read_image(options.panorama).as_float()).permute(2, 0, 1))
    sample = CAMERA.photograph(radiance, "photograph", [0], torch.Generator().manual_seed(SEED))
    codes = (sample["ldr"][0] * 255).round().byte().permute(1, 2, 0).numpy()
    with complete_or_nothing(options.output) as path:
        Image.fromarray(codes).save(path, "jpeg", quality=QUALITY, subsampling="4:2:0", optimize=True)
    clipped = (sample["hdr"].amax(0) > 1).float().mean()
    print(f"{options.output}: {options.output.stat().st_size} bytes, {float(clipped):.1%} of pixels clipped,")
    print(f"the brightest {float(sample['hdr'].amax().log2()):.1f} stops above white")


def seen(panorama: Tensor) -> Tensor:
    """(3, HEIGHT, WIDTH) radiance of the view."""
    stops = panorama.clamp_min(1e-6).log2()
    large = interpolate(stops[None], scale_factor=ENLARGED, mode="bicubic")[0].exp2()
    top = (WIDTH - HEIGHT) // 2
    return perspective(large, VIEW, WIDTH)[:, top : top + HEIGHT]


if __name__ == "__main__":
    main()

"""Tone mapping operators and exposure fusion beside OpenCV's: time, and the largest difference of a display value.

Every operator maps the same generated scene, alternately with its counterpart, so that other work on the machine hits
both; medians are shown, of the clock and of the processor, all threads together. The ratio is that of the processor: of
a busy machine the clock tells little. The scene has no black pixels: OpenCV makes NaN of them, and leaves them out when
it stretches the rest. Its operators are made anew for every call, since `TonemapReinhard` of OpenCV 5.0 answers
differently when it is asked again. Where no frame has contrast, OpenCV's rounding errors decide which one fusion takes;
the differences are there, and the last column tells of the other pixels. Prints a markdown table.

With `--files`, instead, what `hdrgen tonemap` costs for a photograph of 24 megapixels, from .exr to .jpg; with `--files
hdr` from .hdr, beside a process that does the same by OpenCV.
"""

import os

# As in benchmarks.calibration: on a busy machine, spinning threads wait for a processor at every barrier.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.shared import opencv_tonemap
from benchmarks.shared.environment import print_environment
from benchmarks.shared.timing import Costs, median_costs
from benchmarks.shared.whole_command import cost_of
from hdrgen.array_kinds import evaluated
from hdrgen.camera import SRGB, form_image
from hdrgen.data import procedural_radiance
from hdrgen.fusion import Mertens
from hdrgen.io import write_image
from hdrgen.tonemap import (
    Drago2003,
    ExposureFusion,
    KimKautz2008,
    LayerDecomposition,
    MuLaw,
    Reinhard2002,
    Reinhard2005,
    all_operators,
)

SIZES = {"512 x 512": (512, 512), "1920 x 1080": (1080, 1920), "6000 x 4000": (4000, 6000)}
NOT_BLACK = torch.tensor([3e-3, 2e-3, 1e-3]).view(3, 1, 1)
EV = torch.tensor([-3.0, 0.0, 3.0])
Pixels = NDArray[np.float32]


class Contest(NamedTuple):
    """One operator, and another implementation of it where there is one."""

    ours: Callable[[Any], Any]
    theirs: Callable[[Any], Pixels] | None = None
    name: str = ""


def reinhard2002(image: Pixels) -> Pixels:
    """The global operator written down in NumPy, in double precision."""
    pixels = image.astype(np.float64)
    luminance = pixels @ [0.2126, 0.7152, 0.0722]
    scaled = 0.18 * luminance / np.exp(np.log(luminance + 1e-6 * luminance.max()).mean())
    display = scaled * (1 + scaled / max(scaled.max(), 1) ** 2) / (1 + scaled)
    linear = (pixels * (display / luminance)[..., None]).clip(0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055).astype(np.float32)


OPERATORS = {
    "reinhard2002": Contest(Reinhard2002(), reinhard2002, "NumPy"),
    "reinhard2002, local": Contest(Reinhard2002(local=True)),
    "reinhard2005, gamma 1, light 1": Contest(
        Reinhard2005(gamma=1.0, light=1.0), lambda x: cv2.createTonemapReinhard(1.0, 0.0, 1.0, 0.0).process(x), "OpenCV"
    ),
    "reinhard2005, gamma 2.2, light 0.5": Contest(
        Reinhard2005(gamma=2.2, light=0.5), lambda x: cv2.createTonemapReinhard(2.2, 0.0, 0.5, 0.0).process(x), "OpenCV"
    ),
    "drago2003": Contest(Drago2003(), lambda x: cv2.createTonemapDrago(2.2, 1.0, 0.85).process(x), "OpenCV"),
    "kim_kautz2008": Contest(KimKautz2008()),
    "layer_decomposition": Contest(LayerDecomposition()),
    "mu_law": Contest(MuLaw()),
    "exposure_fusion": Contest(
        ExposureFusion(), lambda x: opencv_tonemap.exposure_fusion(x[..., ::-1])[..., ::-1], "OpenCV"
    ),
}
FUSION = {
    "mertens, 3 frames": Contest(Mertens(), lambda x: cv2.createMergeMertens(1.0, 1.0, 1.0).process(x), "OpenCV"),
    "mertens, 3 frames, exposure 0": Contest(
        Mertens(exposure=0), lambda x: cv2.createMergeMertens(1.0, 1.0, 0.0).process(x), "OpenCV"
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, help="calls of each, alternately (5; whole commands 1)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of torch and OpenCV (%(default)s)")
    parser.add_argument("--arrays", action="store_true", help="NumPy's, as the command has them, in place of tensors")
    parser.add_argument("--files", nargs="?", const="exr", choices=("exr", "hdr"), help="the whole command (exr)")
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES)[:2], help="(%(default)s)")
    parser.add_argument("--operators", nargs="+", help="these alone, without fusion (all)")
    options = parser.parse_args()
    if options.files:
        print_environment()
        map_files(options.files, options.operators or list(all_operators()), options.repeats or 1)
        return 0
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(options.threads)
    operators = {name: OPERATORS[name] for name in options.operators or OPERATORS}
    print_environment()
    print(
        "\n| operator | size | ms | processor ms | counterpart | its ms | its processor ms | ratio | max difference"
        " | 99.9 % below |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for size in options.sizes:
        height, width = SIZES[size]
        scene = scene_of(height, width)
        image = scene.permute(1, 2, 0).contiguous().numpy()
        stack = form_image(scene, EV, SRGB())
        frames = [np.rint(frame.permute(1, 2, 0).numpy() * 255).astype(np.uint8) for frame in stack]
        for name, contest in operators.items():
            ours = image.transpose(2, 0, 1) if options.arrays else scene
            print(row(name, size, contest, ours, image, options.repeats or 5), flush=True)
        for name, contest in {} if options.operators else FUSION.items():
            print(row(name, size, contest, stack, frames, options.repeats or 5), flush=True)
    return 0


def map_files(form: str, operators: list[str], repeats: int) -> None:
    """A row for each run of an operator; the runs of both programs take turns."""
    with tempfile.TemporaryDirectory(prefix="hdrgen-tonemap-") as folder:
        scene = procedural_radiance(750, torch.Generator().manual_seed(0))[:, :500] + NOT_BLACK
        pixels = scene.repeat(1, 8, 8).permute(1, 2, 0).numpy()
        source = write_image(Path(folder) / f"scene.{form}", pixels)
        print(f"\n{pixels.shape[1]} x {pixels.shape[0]}, `hdrgen tonemap scene.{form} --operator ..`\n")
        print("| operator | seconds | processor seconds | peak memory |\n|---|---|---|---|")
        for index, name in enumerate(operators * repeats):
            target = f"{folder}/{index}.jpg"
            cost = cost_of("tonemap", str(source), "--operator", name, "-o", target)
            print(f"| {name} | {cost} |", flush=True)
            if form == "hdr" and name in opencv_tonemap.OPERATORS:
                cost = cost_of(str(source), target, name, module="benchmarks.shared.opencv_tonemap")
                print(f"| OpenCV: {name} | {cost} |", flush=True)


@torch.inference_mode()
def row(name: str, size: str, contest: Contest, planes: Any, pixels: Any, repeats: int) -> str:
    """One line of the table."""
    if contest.theirs is None:
        costs = median_costs({"ours": partial(evaluated, contest.ours, planes)}, repeats)
        return f"| {name} | {size} | {shown(costs['ours'])} | - | | | | | |"
    costs = median_costs(
        {"ours": partial(evaluated, contest.ours, planes), "theirs": partial(contest.theirs, pixels)}, repeats
    )
    ours, theirs = costs["ours"], costs["theirs"]
    ratio = f"{ours.processor / theirs.processor:.2f}"
    # OpenCV's fusion leaves the display's range, and its tone mappers leave NaN at some black pixels.
    other = np.nan_to_num(contest.theirs(pixels)).clip(0, 1)
    difference = np.abs(np.moveaxis(np.asarray(evaluated(contest.ours, planes)), 0, -1) - other)
    quality = f"{difference.max():.1e} | {np.quantile(difference, 0.999):.1e}"
    return f"| {name} | {size} | {shown(ours)} | {contest.name} | {shown(theirs)} | {ratio} | {quality} |"


def shown(costs: Costs) -> str:
    """Milliseconds, as two cells of the table."""
    return " | ".join(f"{1000 * each:.0f}" for each in costs)


def scene_of(height: int, width: int) -> Tensor:
    """Radiance (3, H, W) without black pixels; of a photograph, the same scene beside and below itself."""
    side = min(max(height, width), 1920)
    times = -(-max(height, width) // side)
    scene = procedural_radiance(side, torch.Generator().manual_seed(0)).repeat(1, times, times)
    return (scene[:, :height, :width] + NOT_BLACK).contiguous()


if __name__ == "__main__":
    sys.exit(main())

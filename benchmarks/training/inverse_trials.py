"""What tells the curve of a photograph: trials of `InverseCamera`'s curve from the histogram alone, in minutes.

Of thousands of small pictures of panoramas only the histogram and the true curve are kept; a trial trains the layers
that take a curve from a histogram on these. Judged on other panoramas by the exposures (EV -2 to +2) of what is not
clipped, in dB, which need no picture either: through measured curves that are not the held-out ones, metered (A),
within two stops (C) and within three and a half with noise and JPEG (D); through drawn curves with noise and JPEG (B);
and through sRGB, half of it with a mild tone curve (S). R is C with noise and JPEG, of pictures made smaller as on the
web (`Web`); N is R through curves near the mean of cameras, where whoever deviates from it loses; M is N at full size.
Weights that take the curve from edges are judged also by edges alone and by other shares of them. Needs panoramas and
curves; says so and stops without them.
"""

import argparse
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from benchmarks.shared.environment import print_environment
from benchmarks.training.web_pictures import Crops, Web
from hdrgen.camera import SRGB, CurvePrior, Sigmoid
from hdrgen.data import Finish, RenderedStacks, StackCamera, Views
from hdrgen.methods import InverseCamera, load_method
from hdrgen.methods.inverse_camera.loss import exposure_errors
from hdrgen.methods.inverse_camera.network import CameraNetwork
from hdrgen.methods.inverse_camera.summary import histogram_of, overview_of

EVS = torch.tensor([-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0])
LEVELS = torch.linspace(0, 1, 256)
MILD = CurvePrior(srgb=1.0, power=0.0, plain=0.5, brightness=0.1, contrast=0.2)
NEAR_THE_MEAN = CurvePrior(near=1.0)
ENDS_ALONE = Finish(full_well=None, sharpening=0.0, quality=None)
TRAINING = StackCamera(
    (0.0,), CurvePrior(), jitter=0.7, exposed_for_lights=0.25, astray=0.4, astray_by=3.0, finish=ENDS_ALONE
)
BATCH = 128
EDGE_SHARES = (0.25, 0.5, 0.6, 1.0)
"""That weights which take the curve from edges are judged with; at 1 only photographs with few edges get the rest."""


class Seen(NamedTuple):
    """Photographs: histograms `(N, 3, 64)`, true curves `(N, 256)`, and what weights say of them `(N, 256)`."""

    histogram: Tensor
    curve: Tensor
    estimates: dict[str, Tensor]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hdri", type=Path, help="folder of panoramas to train on")
    parser.add_argument("--val", type=Path, help="folder of panoramas to choose by")
    parser.add_argument("--curves", help="DoRF file, of which the held-out fifth is not used")
    parser.add_argument("--weights", type=Path, nargs="*", default=[], help="files of InverseCamera to judge beside")
    parser.add_argument("--photographs", type=int, default=40_000, help="of each trial; 0: no trials (%(default)s)")
    parser.add_argument("--views", type=int, default=24, help="of each panorama to choose by (%(default)s)")
    options = parser.parse_args()
    if not (options.hdri and options.val and options.curves):
        print("skipped: pass --hdri FOLDER --val FOLDER --curves FILE")
        return 0
    print_environment()
    sets = judged(options)
    print(f"\n| dB | {' | '.join(sets)} |\n|---{'|---' * len(sets)}|")
    for name in next(iter(sets.values())).estimates:
        print(row(name, sets, lambda seen, name=name: seen.estimates[name]), flush=True)
    for name, (camera, loss, contrast) in TRIALS.items() if options.photographs else ():
        print(row(name, sets, trained(photographs(camera, options, contrast), loss)), flush=True)
    return 0


def judged(options: argparse.Namespace) -> dict[str, Seen]:
    """The sets to choose by."""
    measured = StackCamera((0.0,), options.curves, "train")
    cameras = {
        "A": measured,
        "C": replace(measured, astray=1.0, astray_by=2.0),
        "D": replace(measured, astray=1.0, astray_by=3.5, finish=Finish()),
        "B": StackCamera((0.0,), CurvePrior(), jitter=2.0, exposed_for_lights=0.5, finish=Finish()),
        "S": StackCamera((0.0,), MILD),
    }
    astray = replace(measured, astray=1.0, astray_by=2.0, finish=Finish())
    near = replace(astray, curves=NEAR_THE_MEAN, curves_fold=None)
    methods = {path.stem: load_method(path) for path in options.weights}
    views = {
        name: RenderedStacks(str(options.val), 256, options.views, camera)
        for name, camera in (cameras | {"M": near}).items()
    }
    crops = {name: Crops(str(options.val), 512, options.views, camera) for name, camera in (("R", astray), ("N", near))}
    sets = {name: seen_of(data, methods) for name, data in views.items()}
    return sets | {name: seen_of(data, methods, web=Web()) for name, data in crops.items()}


def photographs(camera: StackCamera, options: argparse.Namespace, contrast: float) -> Seen:
    """Those of a trial."""
    count = len(list(options.hdri.iterdir()))
    views = math.ceil(options.photographs / count)
    return seen_of(RenderedStacks(str(options.hdri), 64, views, camera, Views((40.0, 100.0))), {}, contrast)


@torch.no_grad()
def seen_of(
    data: RenderedStacks, methods: dict[str, InverseCamera], contrast: float = 0.0, web: Web | None = None
) -> Seen:
    """What is kept of photographs; `contrast` is the spread of the logarithm of a power of their radiance."""
    generator = torch.Generator().manual_seed(0)
    histograms, curves, estimates = [], [], {"mean of cameras": [], "sRGB": []} if methods else {}
    for index in range(len(data)):
        radiance = data.radiance(index, generator)
        if contrast:
            radiance = radiance ** math.exp(contrast * float(torch.randn((), generator=generator)))
        sample = data.camera.photograph(radiance, data.scene(index), [0], generator)
        image = sample["ldr"] if web is None else web(sample["ldr"][0], generator)[None]
        histograms.append(histogram_of(overview_of(image, 128)[:, :3])[0])
        curves.append(sample["inverse_response"][torch.linspace(0, 1023, 256).round().long()])
        for name, curve in said(image, methods).items():
            estimates.setdefault(name, []).append(curve)
    return Seen(torch.stack(histograms), torch.stack(curves), {n: torch.stack(each) for n, each in estimates.items()})


def said(image: Tensor, methods: dict[str, InverseCamera]) -> dict[str, Tensor]:
    """The curves (256,) of fixed cameras and of weights, whole and half trusted, or by shares of their edges."""
    if not methods:
        return {}
    found = {"mean of cameras": Sigmoid(0.9, 0.6).inverse(LEVELS), "sRGB": SRGB().inverse(LEVELS)}
    for name, method in methods.items():
        network = method.network
        if network.of_edges is None:
            found |= {f"{name}, trust {trust:g}": network(image, trust).curve[0] for trust in (0.5, 1.0)}
            continue
        found[f"{name}, edges alone"] = network.curve_by_edges(image)[0]
        for network.edge_share in EDGE_SHARES:
            found[f"{name}, {network.edge_share:g} of edges"] = network(image, method.trust).curve[0]
    return found


def trained(seen: Seen, loss: Callable[[Tensor], Tensor]) -> Callable[[Seen], Tensor]:
    """Layers that take a curve from a histogram, after three passes over the photographs."""
    torch.manual_seed(0)
    network = CameraNetwork(curve_from="histogram")
    optimizer = torch.optim.AdamW(network.of_histogram.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = 3 * len(seen.curve) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, max(2, steps), pct_start=0.05)
    for _ in range(steps):
        chosen = torch.randint(len(seen.curve), (BATCH,))
        histogram, ev = seen.histogram[chosen], 4 * torch.rand(3) - 2
        optimizer.zero_grad()
        loss(exposure_errors(network.curve_of(histogram), seen.curve[chosen], histogram, ev)).backward()
        nn.utils.clip_grad_norm_(network.of_histogram.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return torch.no_grad()(lambda other: network.curve_of(other.histogram))


def row(name: str, sets: dict[str, Seen], estimate: Callable[[Seen], Tensor]) -> str:
    """Of the table."""
    errors = (exposure_errors(estimate(seen), seen.curve, seen.histogram, EVS) for seen in sets.values())
    return f"| {name} | {' | '.join(f'{float(-20 * each.log10().mean()):.2f}' for each in errors)} |"


TRIALS: dict[str, tuple[StackCamera, Callable[[Tensor], Tensor], float]] = {
    "histogram alone": (TRAINING, Tensor.mean, 0.0),
    "histogram, loss in dB": (TRAINING, lambda errors: errors.log().mean(), 0.0),
    "histogram, contrast of scenes drawn": (TRAINING, Tensor.mean, 0.2),
    "histogram, more astray": (replace(TRAINING, astray=0.6), Tensor.mean, 0.0),
    "histogram, a third plain sRGB": (replace(TRAINING, curves=CurvePrior(srgb=0.6, plain=0.55)), Tensor.mean, 0.0),
    "the same, loss in dB": (
        replace(TRAINING, curves=CurvePrior(srgb=0.6, plain=0.55)),
        lambda errors: errors.log().mean(),
        0.0,
    ),
}
"""By name: camera, loss of errors `(B, K)`, spread of the scenes' contrast."""


if __name__ == "__main__":
    sys.exit(main())

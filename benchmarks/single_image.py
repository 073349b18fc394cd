"""Single photographs to HDR: trained networks against fixed curves, as Hanji et al. 2022 ask for it.

Inputs are views of panoramas through held-out response curves, and frames of real stacks, whose truth is merged from
the whole stack. Every image is aligned by its median, with white of the photograph at 100 cd/m2, and scored by
PU21-PSNR and HDR-VDP Q, as it is and after correction of the tone curve; further by the stops of clipped pixels, their
distance from neutral in u'v', Delta E ITP of the tone-mapped picture, and the PSNR of exposures. Leads are paired
differences to the mean sigmoid, with bootstrap intervals over scenes. Needs panoramas with curves, or stacks; says so
and stops without them.
"""

import argparse
import copy
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.shared.environment import print_environment
from hdrgen.camera import SRGB, CurvePrior, Gamma, Sigmoid, calibrate_debevec
from hdrgen.data import ExposureStackFolder, Finish, RenderedStacks, SelectedExposures, StackCamera, Views
from hdrgen.fusion import merge_debevec
from hdrgen.methods import HDRModule, InverseCamera, LinearGain, load_method
from hdrgen.metrics import align_median, correct_response, delta_e_itp, hdr_vdp2, psnr, psnr_mu, pu21_psnr
from hdrgen.metrics.colour import LOGLUV, rgb_to_luv
from hdrgen.tonemap import reinhard2002

DISPLAY = SRGB()
CONSTANT = "constant (sigmoid)"
FIXED = {"gamma 2.2": Gamma(2.2), "sRGB": SRGB(), CONSTANT: Sigmoid(0.9, 0.6)}
WHITE = 100.0  # cd/m2 of the photograph's white
EVS = (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0)
INPUT_MEANS = (0.2, 0.4, 0.6)
"""Mean display values that the three input frames of a stack are nearest to."""


@dataclass
class Item:
    """One photograph `(3, H, W)`, its radiance with white at 1, and true exposures `(K, 3, H, W)` at `ev` `(K,)`."""

    scene: str
    image: Tensor
    hdr: Tensor
    ev: Tensor
    exposures: Tensor


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", metavar="NAME=CHECKPOINT")
    parser.add_argument("--pieces", action="store_true", help="of each InverseCamera also its curve and its gain alone")
    parser.add_argument("--hdri", type=Path, help="folder of panoramas")
    parser.add_argument(
        "--curves", help="DoRF file; the held-out fifth is used, or the others with --fold train; or: free, srgb"
    )
    parser.add_argument("--fold", choices=("train", "test"), default="test")
    parser.add_argument("--views", type=int, default=4, help="of each panorama (%(default)s)")
    parser.add_argument("--size", type=int, default=256, help="of views (%(default)s)")
    parser.add_argument("--stacks", type=Path, nargs="*", default=[], help="folders, each with one real stack")
    parser.add_argument("--side", type=int, default=512, help="longer side of stacks (%(default)s)")
    parser.add_argument(
        "--finish", action="store_true", help="views with noise, sharpening and JPEG, and varied exposures"
    )
    parser.add_argument("--no-vdp", action="store_true", help="leave out HDR-VDP")
    options = parser.parse_args()
    if not ((options.hdri and options.curves) or options.stacks):
        print("skipped: pass --hdri FOLDER --curves FILE, or --stacks FOLDER...")
        return 0
    print_environment()
    methods: dict[str, HDRModule] = {name: LinearGain(curve) for name, curve in FIXED.items()}
    methods |= dict(chain.from_iterable(loaded(*each.split("=", 1), options.pieces) for each in options.networks))
    if options.hdri:
        print("\n## Panoramas\n\n" + table(scores(methods, views(options), options)))
    if options.stacks:
        print("\n## Real stacks\n\n" + table(scores(methods, frames(options), options)))
    return 0


def loaded(name: str, path: str, pieces: bool) -> Iterator[tuple[str, HDRModule]]:
    """The network by its name, and what it is worth without one of its pieces."""
    method = load_method(Path(path))
    yield name, method
    if pieces and isinstance(method, InverseCamera):
        curve, gain = copy.deepcopy(method), copy.deepcopy(method)
        curve.most_stops, gain.response = 0.0, Sigmoid(0.9, 0.6)
        yield from {f"{name}, its curve alone": curve, f"{name}, its gain alone": gain}.items()


def views(options: argparse.Namespace) -> Iterator[Item]:
    """Views of panoramas through held-out curves."""
    curves = {"free": CurvePrior(), "srgb": CurvePrior(srgb=1, power=0, plain=0.5, brightness=0.1, contrast=0.2)}.get(
        options.curves, options.curves
    )
    fold = options.fold if curves is options.curves else None
    extra = {"finish": Finish(), "jitter": 2.0, "exposed_for_lights": 0.6} if options.finish else {}
    camera = StackCamera(curves=curves, curves_fold=fold, **extra)
    data = SelectedExposures(RenderedStacks(str(options.hdri), options.size, options.views, camera, Views()), seed=0)
    for index in range(len(data)):
        sample = data[index]
        ref = int(sample["ref"])
        others = [k for k in range(len(sample["ev"])) if k != ref]
        yield Item(sample["scene"], sample["ldr"][ref], sample["hdr"], sample["ev"][others], sample["ldr"][others])


def frames(options: argparse.Namespace) -> Iterator[Item]:
    """Three frames of each real stack as input, the others within 3.1 stops as exposures."""
    for stack in options.stacks:
        sample = SelectedExposures(ExposureStackFolder(str(stack), max_side=options.side))[0]
        rows, columns = (round(side * 0.06) for side in sample["ldr"].shape[-2:])
        ldr = sample["ldr"][..., rows:-rows, columns:-columns]
        hdr = merge_debevec(ldr[None], sample["ev"], calibrate_debevec(ldr[None], sample["ev"]))[0]
        means = ldr.mean((1, 2, 3))
        for index in sorted({int((means - wanted).abs().argmin()) for wanted in INPUT_MEANS}):
            ev = sample["ev"] - sample["ev"][index]
            near = [k for k in range(len(ev)) if 0.2 < abs(float(ev[k])) <= 3.1]
            radiance = hdr * sample["ev"][index].exp2()
            yield Item(f"{stack.name}_{float(sample['ev'][index]):+.1f}", ldr[index], radiance, ev[near], ldr[near])


@torch.no_grad()
def scores(
    methods: dict[str, HDRModule], items: Iterator[Item], options: argparse.Namespace
) -> dict[str, dict[str, dict[str, float]]]:
    """Method to metric to scene to number."""
    numbers: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for item in items:
        for name, method in methods.items():
            for metric, value in score(method, item, options).items():
                numbers[name][metric][item.scene] = value
    return numbers


def score(method: HDRModule, item: Item, options: argparse.Namespace) -> dict[str, float]:
    """Of one photograph."""
    ref = torch.zeros(1, dtype=torch.long)
    made = method.reconstruct({"ldr": item.image[None, None], "ref": ref, "scene": [item.scene]})
    truth = item.hdr[None]
    found = clipped_stops(item, made)
    shown, target = align_median(made, truth)[0] * WHITE, truth * WHITE
    corrected = correct_response(shown, target)
    found |= {"PU21": float(pu21_psnr(shown, target)), "PU21 corr": float(pu21_psnr(corrected, target))}
    found["dE ITP"] = float(delta_e_itp(*(DISPLAY.inverse(reinhard2002(each)) * WHITE for each in (shown, target))))
    found["PSNR-mu"] = float(psnr_mu(shown / WHITE, truth, beyond_peak="clip"))
    if not options.no_vdp:
        found |= {"Q": quality(shown, target), "Q corr": quality(corrected, target)}
    possible = method.can_generate(item.ev) if method.generates else torch.zeros(len(item.ev), dtype=torch.bool)
    if len(item.ev[possible]):
        exposures = method.generate(item.image[None], item.ev[possible])[0]
        each = [float(psnr(a[None], b[None])) for a, b in zip(exposures, item.exposures[possible], strict=True)]
        found |= {f"EV {ev:+g}": value for ev, value in zip(item.ev[possible].tolist(), each, strict=True) if ev in EVS}
        found["exposures"] = sum(each) / len(each)
    return found


def quality(image: Tensor, target: Tensor) -> float:
    """HDR-VDP Q at 30 pixels per degree."""
    return float(hdr_vdp2(image, target, 30.0, encoding="rgb-bt.709").q)


def clipped_stops(item: Item, made: Tensor) -> dict[str, float]:
    """Stops above white of pixels whose channels are all clipped: error, bias, and the mean by the truth's."""
    clipped = item.image.amin(0) >= 250 / 255
    if clipped.sum() < 16:
        return {}
    truth = item.hdr.amax(0)[clipped].clamp_min(1).log2()
    stops = made[0].amax(0)[clipped].clamp_min(1e-6).log2()
    chroma = rgb_to_luv(made[0][:, clipped, None])[1:] - rgb_to_luv(torch.ones(3, 1, 1))[1:]
    found = {CHROMA: float(chroma.norm(dim=0).mean() / LOGLUV)}
    found |= {"hi": float((stops - truth).abs().mean()), "bias": float((stops - truth).mean())}
    for name, low, high in (("wall", -1, 0.5), ("1-2", 1, 2), ("lamp", 3, 5)):
        inside = (truth >= low) & (truth < high)
        if inside.sum() >= 16:
            found[name] = float(stops[inside].mean())
    return found


def table(numbers: dict[str, dict[str, dict[str, float]]]) -> str:
    """Markdown: means of every metric, then leads over the constant."""
    columns = list(dict.fromkeys(metric for scores in numbers.values() for metric in scores))
    lines = [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
    for name, scores in numbers.items():
        means = [written(c, list(scores[c].values())) for c in columns]
        lines.append(f"| {name} | {' | '.join(means)} |")
    lines += ["", "| lead over the constant | mean [95 %] | better on | worst |", "|---|---|---|---|"]
    for name, scores in numbers.items():
        if name in FIXED:
            continue
        scored = [c for c in columns if c in LEADS and scores[c]]
        lines += [f"| {name}, {c} | {lead(scores[c], numbers[CONSTANT][c])} |" for c in scored]
    return "\n".join(lines)


def written(metric: str, values: list[float]) -> str:
    """The mean."""
    if not values:
        return "-"
    return f"{np.mean(values):.3f}" if metric == CHROMA else f"{np.mean(values):.2f}"


CHROMA = "u'v'"
LEADS = ("PU21", "PU21 corr", "Q", "Q corr", "dE ITP", "exposures")


def lead(scores: dict[str, float], others: dict[str, float]) -> str:
    """Mean difference with its interval, how often it is positive, and the worst scene."""
    scenes = [scene for scene in scores if scene in others]
    differences = np.array([scores[scene] - others[scene] for scene in scenes])
    drawn = np.random.default_rng(0).choice(differences, (2000, len(differences))).mean(1)
    low, high = np.quantile(drawn, [0.025, 0.975])
    worst = int(differences.argmin())
    return (
        f"{differences.mean():+.2f} [{low:+.2f}, {high:+.2f}] | {(differences > 0).sum()} of {len(scenes)} |"
        f" {differences[worst]:+.2f} {scenes[worst]}"
    )


if __name__ == "__main__":
    sys.exit(main())

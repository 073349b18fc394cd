"""Alignment of hand-held exposures beside OpenCV's AlignMTB: how far it is from the true motion, and its time.

Seven exposures of a generated scene, each with noise, are shifted by up to 64 pixels and turned by up to 2 degrees; the
residual is the median over the picture of the distance between found and true place. Stacks given as folders have
no truth: for them, by how many stops the frames disagree about the radiance of a pixel, before and after.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from benchmarks.shared.environment import print_environment
from hdrgen.bracket.pixels import display_frame
from hdrgen.camera import PixelGrid, calibrate_debevec, response_residual
from hdrgen.fusion import align_photographs, aligned
from hdrgen.fusion.streaming import Rows
from hdrgen.fusion.transforms import Matrix, applied, shift
from hdrgen.io import read_image, read_stack
from tests.fusion.moved import motion, photograph, scene

EV = [-5.0, -3.5, -2.0, -0.5, 1.0, 2.5, 4.0]
MARGIN = 320  # of the scene around the photographs
Aligner = Callable[[list[np.ndarray], int], list[Matrix]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stacks", nargs="*", type=Path, help="folders of real exposures")
    parser.add_argument("--width", type=int, default=1200, help="of the photographs (%(default)s)")
    parser.add_argument("--height", type=int, default=900, help="of the photographs (%(default)s)")
    parser.add_argument("--trials", type=int, default=4, help="stacks to generate of each kind (%(default)s)")
    options = parser.parse_args()
    print_environment()
    print("\n| motion | aligner | median | 90 % | worst frame | frames below 0.5 px | s per stack |")
    print("|---|---|---|---|---|---|---|")
    for kind, (turn, reach) in {"none": (0, 0), "shifts": (0, 64), "shifts and turns": (2, 64)}.items():
        table = generated(options, turn, reach)
        for name, (errors, seconds) in table.items():
            near = sum(error < 0.5 for error in errors)
            cells = [f"{value:.2f} px" for value in (statistics.median(errors), np.quantile(errors, 0.9), max(errors))]
            print(f"| {kind} | {name} | {' | '.join(cells)} | {near} of {len(errors)} | {seconds:.2f} |", flush=True)
    if options.stacks:
        print("\n| stack | " + " | ".join(["as photographed", *ALIGNERS]) + " |\n|" + "---|" * (len(ALIGNERS) + 2))
    for folder in options.stacks:
        print(f"| {folder.name} | " + " | ".join(f"{value:.3f} stops" for value in real(folder)) + " |", flush=True)
    return 0


def ours(frames: list[np.ndarray], reference: int) -> list[Matrix]:
    """With turns and perspective."""
    return [alignment.matrix for alignment in align_photographs(frames, reference)]


def bitmaps(frames: list[np.ndarray], reference: int) -> list[Matrix]:
    """OpenCV's AlignMTB with its default, six bits."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    mtb = cv2.createAlignMTB()
    moves = [mtb.calculateShift(grey[reference], image) for image in grey]  # by which to move the image back
    return [shift(-float(x), -float(y)) for x, y in moves]


ALIGNERS: dict[str, Aligner] = {"OpenCV AlignMTB": bitmaps, "hdrgen": ours}


def generated(options: argparse.Namespace, turn: float, reach: float) -> dict[str, tuple[list[float], float]]:
    """Residuals of every frame but the reference, and mean seconds, of every aligner."""
    height, width, middle = options.height, options.width, len(EV) // 2
    grid = np.stack(np.meshgrid(np.linspace(0, width - 1, 25), np.linspace(0, height - 1, 25)), -1).reshape(-1, 2)
    totals: dict[str, tuple[list[float], float]] = dict.fromkeys(ALIGNERS, ([], 0.0))
    for trial in range(options.trials):
        generator = np.random.default_rng(trial)
        radiance = scene(height + MARGIN, width + MARGIN, trial)
        draws = generator.uniform(-1, 1, (len(EV), 3)) * [turn, reach, reach]
        draws[middle] = 0
        true = [motion(*draw, height, width) for draw in draws]
        frames = [photograph(radiance, ev, m, height, width, generator) for ev, m in zip(EV, true, strict=True)]
        for name, align in ALIGNERS.items():
            start = time.perf_counter()
            matrices = align(frames, middle)
            seconds = (time.perf_counter() - start) / options.trials
            errors = [residual(matrices[j], true[j], grid) for j in range(len(EV)) if j != middle]
            totals[name] = (totals[name][0] + errors, totals[name][1] + seconds)
    return totals


def residual(estimate: Matrix, true: Matrix, grid: np.ndarray) -> float:
    """Median distance in pixels."""
    return float(np.median(np.linalg.norm(applied(estimate, grid) - applied(true, grid), axis=1)))


def real(folder: Path) -> list[float]:
    """By how many stops the frames of a stack disagree pixel by pixel: as they are, and after every aligner."""
    stack = read_stack(folder)
    frames = [read_image(frame.path).pixels for frame in stack]
    ev = torch.tensor([frame.exposure.stops for frame in stack])
    response = calibrate_debevec(stacked(frames), ev)
    still = [np.eye(3) for _ in frames]
    middle = (len(frames) - 1) // 2
    motions = [still, *(align(frames, middle) for align in ALIGNERS.values())]
    grid = PixelGrid(40000)
    return [response_residual(stacked(aligned(frames, m)), ev, response, sampling=grid) for m in motions]


def stacked(frames: Sequence[Rows]) -> torch.Tensor:
    """Display values (S, 3, H, W)."""
    return torch.from_numpy(np.stack(list(map(display_frame, frames))))


if __name__ == "__main__":
    sys.exit(main())

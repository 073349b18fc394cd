"""Deghosting of generated moving scenes whose truth is known, beside a plain merge and the reference exposure alone.

With --megapixels, what it costs instead: `merge_bracket` with it and without, alternately, in seconds of the processor.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.shared.environment import print_environment
from benchmarks.shared.large_frames import EV, make_frames
from hdrgen.bracket import Bracket, BracketPixels, merge_bracket
from hdrgen.camera import Gamma
from hdrgen.data import Motion, MovingScenes, ProceduralScenes, Sample, bracket_camera
from hdrgen.fusion import GhostMask, aligned, ghost_masks, merge_photographs, still_frames
from hdrgen.io import Exposure, Frame
from hdrgen.metrics import psnr_mu

RESPONSE = Gamma(2.2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=12, help="how many (%(default)s)")
    parser.add_argument("--size", type=int, default=400, help="height and width in pixels (%(default)s)")
    parser.add_argument("--megapixels", type=float, help="time seven photographs of this size instead")
    options = parser.parse_args()
    print_environment()
    if options.megapixels:
        costs(options.megapixels)
        return 0
    scenes = ProceduralScenes(options.scenes, size=options.size, camera=bracket_camera())
    moving = MovingScenes(scenes, Motion(shake=0, roll=0))
    rows = [scores(moving.load(i, [0, 1, 2], generator=torch.Generator().manual_seed(i))) for i in range(len(moving))]
    print("\n| PSNR-mu over scenes | mean | least | processor seconds |\n|---|---|---|---|")
    for name in rows[0]:
        values, seconds = zip(*(row[name] for row in rows), strict=True)
        print(
            f"| {name} | {statistics.fmean(values):.2f} dB | {min(values):.2f} dB | {statistics.median(seconds):.2f} |"
        )
    ahead = sum(row["deghosted"] > row["plain merge"] for row in rows)
    print(f"\nscenes in which deghosting does not lose: {ahead} of {len(rows)}")
    return 0


def scores(sample: Sample) -> dict[str, tuple[float, float]]:
    """PSNR-mu, and processor seconds, of ways to merge one scene; what it shows at the reference is the truth."""
    frames = [np.ascontiguousarray((x * 255).round().byte().permute(1, 2, 0).numpy()) for x in sample["ldr"]]
    ev, reference = sample["ev"].tolist(), int(sample["ref"])

    def masks() -> list[GhostMask | None]:
        return ghost_masks(frames, ev, RESPONSE, reference)

    ways = {
        "reference exposure alone": lambda: merge_photographs([frames[reference]], [0.0], RESPONSE),
        "plain merge": lambda: merge_photographs(frames, ev, RESPONSE),
        "deghosted": lambda: merge_photographs(frames, ev, RESPONSE, masks=masks()),
        "deghosted by patches": lambda: merge_photographs(
            still_frames(frames, ev, RESPONSE, reference, masks()), ev, RESPONSE
        ),
    }
    found = {}
    for name, way in ways.items():
        start = time.process_time()
        merged = torch.from_numpy(way()).permute(2, 0, 1)[None]
        seconds = time.process_time() - start
        # As the table in docs/results.md, which is older than scores beyond the peak
        found[name] = float(psnr_mu(merged, sample["hdr"][None], beyond_peak="clip")), seconds
    return found


def costs(megapixels: float) -> None:
    """Print the processor seconds of a merge with deghosting and without, of photographs in place and hand-held."""
    height, width = (round((megapixels * 1e6 * share) ** 0.5) for share in (2 / 3, 3 / 2))
    with tempfile.TemporaryDirectory(prefix="hdrgen-deghosting-") as name:
        make_frames(Path(name), height, width)
        frames = [np.load(Path(name) / f"{index}.npy") for index in range(len(EV))]
    listed = [Frame(Path(f"{index}.jpg"), Exposure(ev=stops)) for index, stops in enumerate(EV)]
    print(f"\n{len(EV)} photographs of {width} x {height}\n")
    print("| photographs | merge | with deghosting | times as long |\n|---|---|---|---|")
    for kind, step in {"in place": 0.0, "hand-held": 0.3}.items():
        matrices = [np.array([[1, 0, step * index], [0, 1, step * index], [0, 0, 1]]) for index in range(len(EV))]
        seconds: list[list[float]] = [[], []]
        for deghost in [False, True] * 3:
            pixels = BracketPixels.of(Bracket(kind, listed, "ev"), frames)
            pixels.rows = aligned(frames, matrices)
            start = time.process_time()
            merge_bracket(pixels, "debevec", RESPONSE, deghost=deghost)
            seconds[deghost].append(time.process_time() - start)
        plain, deghosted = map(statistics.median, seconds)
        print(f"| {kind} | {plain:.2f} s | {deghosted:.2f} s | {deghosted / plain:.2f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""Deghosting of generated moving scenes whose truth is known, beside a plain merge and the reference exposure alone."""

import argparse
import statistics
import sys

import numpy as np
import torch

from benchmarks.shared.environment import print_environment
from hdrgen.camera import Gamma
from hdrgen.data import Motion, MovingScenes, ProceduralScenes, Sample, bracket_camera
from hdrgen.fusion import ghost_masks, merge_photographs
from hdrgen.metrics import psnr_mu

RESPONSE = Gamma(2.2)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=12, help="how many (%(default)s)")
    parser.add_argument("--size", type=int, default=400, help="height and width in pixels (%(default)s)")
    options = parser.parse_args()
    print_environment()
    scenes = ProceduralScenes(options.scenes, size=options.size, camera=bracket_camera())
    moving = MovingScenes(scenes, Motion(shake=0, roll=0))
    rows = [scores(moving.load(i, [0, 1, 2], generator=torch.Generator().manual_seed(i))) for i in range(len(moving))]
    print("\n| PSNR-mu over scenes | mean | least |\n|---|---|---|")
    for name in rows[0]:
        values = [row[name] for row in rows]
        print(f"| {name} | {statistics.fmean(values):.2f} dB | {min(values):.2f} dB |")
    ahead = sum(row["deghosted"] > row["plain merge"] - 0.01 for row in rows)
    print(f"\nscenes in which deghosting does not lose: {ahead} of {len(rows)}")
    return 0


def scores(sample: Sample) -> dict[str, float]:
    """PSNR-mu of three ways to merge one scene; what it shows at the reference exposure is the truth."""
    frames = [np.ascontiguousarray((x * 255).round().byte().permute(1, 2, 0).numpy()) for x in sample["ldr"]]
    ev, reference = sample["ev"].tolist(), int(sample["ref"])
    masks = ghost_masks(frames, ev, RESPONSE, reference)
    merged = {
        "reference exposure alone": merge_photographs([frames[reference]], [0.0], RESPONSE),
        "plain merge": merge_photographs(frames, ev, RESPONSE),
        "deghosted": merge_photographs(frames, ev, RESPONSE, masks=masks),
    }
    truth = sample["hdr"][None]
    images = {name: torch.from_numpy(x).permute(2, 0, 1)[None] for name, x in merged.items()}
    # As the table in docs/results.md, which is older than scores beyond the peak
    return {name: float(psnr_mu(x, truth, beyond_peak="clip")) for name, x in images.items()}


if __name__ == "__main__":
    sys.exit(main())

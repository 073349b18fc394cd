"""The learned fusion of Zhang et al. beside Debevec's calibration and merge: time for three 512 x 512 images.

The paper states 5 ms against 1807 ms on a V100. Both are timed alternately in the same run, so that other work on the
machine hits both; medians are shown, for the processor and for the accelerator if there is one.
"""

import os

# As in benchmarks.calibration: on a busy machine, spinning threads wait for a processor at every barrier.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")


import argparse
import sys

import torch
from torch import Tensor

from benchmarks.shared.environment import print_environment
from benchmarks.shared.timing import median_seconds
from hdrgen.camera import Gamma, calibrate_debevec, form_image
from hdrgen.data import procedural_radiance
from hdrgen.fusion import merge_debevec
from hdrgen.methods.adaptive_itm import FusionNetwork

EV = torch.tensor([-2.0, 0.0, 2.0])


def debevec(stack: Tensor, ev: Tensor) -> Tensor:
    """Response and radiance of one stack."""
    return merge_debevec(stack, ev, calibrate_debevec(stack, ev))


@torch.inference_mode()
def compare(device: torch.device, size: int, repeats: int) -> dict[str, float]:
    """Median time of both on one device, in milliseconds."""
    radiance = procedural_radiance(size, torch.Generator().manual_seed(0)) * 0.2
    stack, ev = form_image(radiance, EV, Gamma(2.2))[None].to(device), EV.to(device)
    network = FusionNetwork().to(device).eval()
    jobs = {
        "fusion network": lambda: network(*stack.unbind(1)),
        "Debevec, calibration and merge": lambda: debevec(stack, ev),
    }
    return {name: 1000 * seconds for name, seconds in median_seconds(jobs, repeats).items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512, help="height and width in pixels (%(default)s)")
    parser.add_argument("--repeats", type=int, default=7, help="calls of each, alternately (%(default)s)")
    options = parser.parse_args()
    print_environment()
    for name in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
        times = compare(torch.device(name), options.size, options.repeats)
        summary = ", ".join(f"{job} {value:.1f} ms" for job, value in times.items())
        print(f"{name}, three images of {options.size} x {options.size}: {summary}")
    parameters = sum(parameter.numel() for parameter in FusionNetwork().parameters())
    print(f"the fusion network has {parameters:,} parameters; paper, V100: 5 ms against 1807 ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())

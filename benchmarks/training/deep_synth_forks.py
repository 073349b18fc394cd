"""What the named forks of Kim et al.'s losses and schedules bring: a tiny network, the same short budget for each.

Free-running from the gain of a step on 40 generated scenes of 32 pixels, batches of four; measured on 8 others: the HDR
error is Eq. 7's, up to scale, L1 that of the refined exposures.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

import torch

from benchmarks.shared.environment import print_environment
from hdrgen.data import Batch, ProceduralScenes, SelectedExposures, StackCamera, collate
from hdrgen.methods import DeepSynthHDRI
from hdrgen.methods.deep_synth.loss import hdr_loss, synthesise, target_radiance
from hdrgen.methods.deep_synth.training import edges_of
from hdrgen.metrics import match_scale
from hdrgen.optim import GradientCentralizedAdam

TINY = {
    "global_channels": (4, 8, 16), "local_channels": (4, 8), "refinement_channels": (4, 8), "reach": 2,
    "perceptual_weight": 0.0, "refinement_start": 0, "gain_start": True,
}  # fmt: skip
FORKS: dict[str, Mapping[str, Any]] = {
    "default": {},
    "histogram of neighbours": {"histogram": "neighbours"},
    "no histogram loss": {"histogram_weight": 0.0},
    "through weights and response": {"through_weights": True, "through_response": True},
    "1/255 of the HDR gradient": {"hdr_gradient": 1 / 255},
    "no HDR loss": {"hdr_weight": 0.0},
    "each by its own equation": {"end_to_end": False},
}
EV = torch.arange(-2.0, 3.0)


def scenes(count: int, seed: int) -> Batch:
    """All of them in one batch."""
    camera = StackCamera(evs=tuple(EV.tolist()))
    data = SelectedExposures(ProceduralScenes(count, 32, seed=seed, camera=camera), DeepSynthHDRI(**TINY).exposures)
    return collate([data[index] for index in range(count)])


def trained(options: Mapping[str, Any], data: Batch, steps: int) -> DeepSynthHDRI:
    """A network after so many steps."""
    torch.manual_seed(0)
    model, generator = DeepSynthHDRI(**TINY, **options), torch.Generator().manual_seed(0)
    optimizer = GradientCentralizedAdam(model.parameters(), lr=3e-3)
    edges = edges_of(data["ldr"])
    for _ in range(steps):
        chosen = torch.randperm(len(edges), generator=generator)[:4]
        batch: Any = {"ldr": data["ldr"][chosen], "hdr": data["hdr"][chosen]}
        terms = model.losses(batch, range(-2, 3), None, 0, True, edges[chosen])
        optimizer.zero_grad()
        torch.stack(list(terms.values())).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return model


@torch.no_grad()
def errors(model: DeepSynthHDRI, data: Batch) -> tuple[float, float]:
    """Of radiance and of exposures."""
    image = data["ldr"][:, 2]
    made = model.generate(image, EV)
    truth = target_radiance(data["ldr"], EV, data["hdr"])
    shown = EV != 0
    return float(hdr_loss(match_scale(synthesise(made, EV), truth), truth)), float(
        (made[:, shown] - data["ldr"][:, shown]).abs().mean()
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("forks", nargs="*", choices=[[], *FORKS], default=[], help="all if none is named")
    parser.add_argument("--steps", type=int, default=100, help="of training (%(default)s)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print_environment()
    training, others = scenes(40, 0), scenes(8, 1)
    print("| fork | HDR error | L1 of the exposures | processor seconds |\n|---|---|---|---|")
    for name in options.forks or FORKS:
        start = time.process_time()
        radiance, exposures = errors(trained(FORKS[name], training, options.steps), others)
        print(f"| {name} | {radiance:.3f} | {exposures:.4f} | {time.process_time() - start:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What the length of an epoch does to a schedule that waits for a plateau: Le et al. 2023, small, on a few scenes.

The same steps twice: epochs of one pair a scene and of 45, both with a patience of 4 epochs.
"""

import argparse
import sys
from collections.abc import Iterator

import torch
from torch import Tensor
from torch.optim.lr_scheduler import ReduceLROnPlateau

from benchmarks.shared.environment import print_environment
from hdrgen.data import Batch, ProceduralScenes, RandomPair, Sample, collate
from hdrgen.data.dataset import derived_generator
from hdrgen.data.samplers import EpochSampler
from hdrgen.methods import MultiExposureGeneration

SCENES, SIDE, BATCH, RATE, PATIENCE = 16, 32, 4, 2e-3, 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1600, help="of each training (%(default)s)")
    options = parser.parse_args()
    print_environment()
    print("| pairs of a scene in an epoch | steps in it | L1 at the end | rate at the end |\n|---|---|---|---|")
    scenes = [ProceduralScenes(SCENES, SIDE)[index] for index in range(SCENES)]
    others = collate([ProceduralScenes(6, SIDE, seed=1)[index] for index in range(6)])
    for passes in (1, 45):
        loss, rate = trained(scenes, others, passes, options.steps)
        print(f"| {passes} | {SCENES * passes // BATCH} | {loss:.4f} | {rate:.2g} |", flush=True)
    return 0


def trained(scenes: list[Sample], others: Batch, passes: int, steps: int) -> tuple[float, float]:
    """L1 of the exposures of other scenes, and the rate, after so many steps."""
    torch.manual_seed(0)
    model = MultiExposureGeneration(
        (8, 16, 32, 32, 32), (8, 16, 32, 48, 48), identity_start=True, perceptual_weight=0.0
    )
    model.log = model.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=PATIENCE)
    done = epoch = 0
    while done < steps:
        for batch in batches(scenes, epoch, passes):
            optimizer.zero_grad()
            model.training_step(batch, 0).backward()
            optimizer.step()
            done += 1
            if done == steps:
                break
        scheduler.step(score(model, others))
        epoch += 1
    return score(model, others), float(optimizer.param_groups[0]["lr"])


def batches(scenes: list[Sample], epoch: int, passes: int) -> Iterator[Batch]:
    keys = list(EpochSampler(len(scenes), 0, lambda: epoch, passes=passes))
    for start in range(0, len(keys) - BATCH + 1, BATCH):
        yield collate([pair_of(scenes[index], moment) for moment, index in keys[start : start + BATCH]])


def pair_of(scene: Sample, moment: int) -> Sample:
    generator = derived_generator("pair", scene["scene"], moment)
    frames = RandomPair()(scene["ev"], int(scene["ref"]), generator)
    return Sample(ldr=scene["ldr"][frames], ev=scene["ev"][frames], ref=torch.tensor(0), scene=scene["scene"])


@torch.no_grad()
def score(model: MultiExposureGeneration, others: Batch) -> float:
    model.eval()
    image: Tensor = others["ldr"][:, int(others["ref"][0])]
    made = model.expose(image, others["ev"][0]).clamp(0, 1)
    model.train()
    return (made - others["ldr"]).abs().mean().item()


if __name__ == "__main__":
    sys.exit(main())

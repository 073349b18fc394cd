"""One step of training, and what it trains."""

import torch

from hdrgen.data import ProceduralScenes, StackCamera, collate
from hdrgen.methods import InverseCamera


def trained_by_a_step(model: InverseCamera) -> set[str]:
    """Names of the weights that get a gradient from two small scenes."""
    model.log = lambda *_, **__: None
    scenes = ProceduralScenes(2, 32, camera=StackCamera(evs=(0.0,)))
    batch = collate([scenes.load(i, [0], generator=torch.Generator().manual_seed(i)) for i in range(2)])
    model.training_step(batch, 0).backward()
    return {name for name, parameter in model.named_parameters() if parameter.grad is not None}

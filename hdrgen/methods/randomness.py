"""Chance within a training step that does not depend on how the training came to that step."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from pytorch_lightning import LightningModule

from hdrgen.data import derived_generator


@contextmanager
def drawn_for_step(method: LightningModule, scenes: Sequence[str]) -> Iterator[None]:
    """Within this, dropout draws from the run's seed, the step and the scenes alone.

    A training that goes on so draws what it would have drawn, and no process draws what another does.

    Args:
        method: Whose training it is.
        scenes: Of the batch.
    """
    seed = derived_generator("step", torch.initial_seed(), method.global_step, *scenes).initial_seed()
    device = method.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield

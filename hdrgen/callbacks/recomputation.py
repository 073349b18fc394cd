"""Activations that are computed again in the backward pass instead of being kept: memory for time."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from hdrgen.errors import InputError


class ActivationCheckpointing(Callback):
    """Within a fit, parts of the networks keep only what goes into them, and are run again in the backward pass.

    Less memory, about a forward pass more, the same gradients (Chen et al., "Training Deep Nets with Sublinear Memory
    Cost", 2016). A method says by `recomputed` which parts.
    """

    def __init__(self) -> None:
        self._changed: list[nn.Module] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Change the parts, before a strategy wraps the method.

        Raises:
            InputError: The method names none.
        """
        if stage != TrainerFn.FITTING:
            return
        self.teardown(trainer, pl_module, stage)  # of a fit that failed, which Lightning leaves out
        kinds: tuple[type[nn.Module], ...] = getattr(pl_module, "recomputed", ())
        if not kinds:
            raise InputError(
                f"expected a method with parts that can be computed again, found {type(pl_module).__name__}, which"
                " names none; leave ActivationCheckpointing out, and take smaller batches where memory is short"
            )
        self._changed = [part for part in pl_module.modules() if isinstance(part, kinds)]
        for part in self._changed:
            part.forward = partial(_again, part, part.forward)

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Leave them as they were."""
        for part in self._changed:
            del part.forward
        self._changed = []


def _again(part: nn.Module, forward: Any, *inputs: Any, **keywords: Any) -> Any:
    """What `forward` returns; what it computes on the way is not kept."""
    if not torch.is_grad_enabled():
        return forward(*inputs, **keywords)
    return checkpoint(forward, *inputs, use_reentrant=False, context_fn=partial(_contexts, part), **keywords)


def _contexts(part: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    """Of the first run, and of the one in the backward pass."""
    return nullcontext(), _counted_once(part)


@contextmanager
def _counted_once(part: nn.Module) -> Iterator[None]:
    """Batch normalisations do not count a batch for their running statistics again."""
    norms = [each for each in part.modules() if isinstance(each, _BatchNorm) and each.track_running_stats]
    kept = [(norm, norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm, _, count in kept:
        norm.momentum = 0.0
        norm.num_batches_tracked = None if count is None else count.clone()
    try:
        yield
    finally:
        for norm, momentum, count in kept:
            norm.momentum, norm.num_batches_tracked = momentum, count

"""What makes training steps quicker and changes what they compute by rounding alone."""

from contextlib import ExitStack
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.trainer.states import TrainerFn
from torch.optim import Optimizer

from hdrgen.methods.schedules import logged_in_step
from hdrgen.tiling import heap_kept

SHOWN = 10
"""Batches between two looks at the losses that a progress bar shows, where these lie on a GPU."""


class QuickSteps(Callback):
    """Within a fit, optimizers are fused, and memory that a step has freed stays for the next one, see `heap_kept`.

    It shows a progress bar now and then what `QuickTraining.log` has kept from it.
    """

    def __init__(self) -> None:
        self._open = ExitStack()

    def on_fit_start(self, trainer: Trainer, *_: Any) -> None:
        """Keep memory, and take torch's fused optimizers."""
        self._open.enter_context(heap_kept())
        for optimizer in trainer.optimizers:
            fuse(optimizer)

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        """Lay out what a checkpoint brought as the weights are."""
        for optimizer in trainer.optimizers:
            align(optimizer)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Every few batches, wait for the device and let the progress bar have the losses."""
        kept = pl_module.kept_from_bars if isinstance(pl_module, QuickTraining) else ()
        if kept and (batch_idx + 1) % SHOWN == 0:
            logged = logged_in_step(trainer)
            trainer.progress_bar_metrics.update({name: float(logged[name]) for name in kept if name in logged})

    def on_fit_end(self, *_: Any) -> None:
        """Give memory back."""
        self._open.close()

    def on_exception(self, *_: Any) -> None:
        """Give memory back, too, where the fit was interrupted."""
        self._open.close()


class QuickTraining(LightningModule):
    """The part of `HDRModule` that trains in the memory layout that is quickest; `QuickSteps` does the rest.

    Attributes:
        channels_last: Whether a training step on a CPU is quicker with the channels of a pixel side by side; see
            `MethodFacts`.
        kept_from_bars: Names of the losses that a progress bar is to show and that lie on a GPU.
    """

    channels_last: bool

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.kept_from_bars: set[str] = set()

    def log(self, name: str, value: Any, prog_bar: bool = False, *arguments: Any, **options: Any) -> None:
        """As Lightning's, but what a training step shows in a progress bar is fetched from a GPU now and then only.

        Lightning makes a number of it after each batch, and so waits for the step before it begins the next.
        """
        if prog_bar and self.training and self.device.type != "cpu":
            self.kept_from_bars.add(name)
            prog_bar = False
        super().log(name, value, prog_bar, *arguments, **options)

    def configure_model(self) -> None:
        """Lay the weights out, before the strategy copies and an optimizer sees them."""
        super().configure_model()
        trainer = self._trainer
        if trainer is None or trainer.state.fn != TrainerFn.FITTING:
            return
        if self.channels_last and trainer.strategy.root_device.type == "cpu":
            self.to(memory_format=torch.channels_last)


def fuse(optimizer: Optimizer) -> None:
    """Have an optimizer of torch update all of a parameter's numbers in one pass, unless it was told otherwise.

    Adam, AdamW, SGD and Adagrad and what derives from them can, on CPU and CUDA; the step is the same to rounding.
    """
    for group in optimizer.param_groups:
        told = any(group.get(name) is not None for name in ("fused", "foreach")) or any(
            group.get(name) for name in ("capturable", "differentiable")
        )
        possible = all(
            parameter.device.type in ("cpu", "cuda") and torch.is_floating_point(parameter)
            for parameter in group["params"]
        )
        if "fused" in group and not told and possible:
            group["fused"] = True


def align(optimizer: Optimizer) -> None:
    """Bring the moments of an optimizer into the memory layout of their parameters, which fused steps expect.

    They differ where a checkpoint was written by a training in another layout.
    """
    for parameter, state in optimizer.state.items():
        for name, value in state.items():
            if torch.is_tensor(value) and value.shape == parameter.shape and value.stride() != parameter.stride():
                state[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)

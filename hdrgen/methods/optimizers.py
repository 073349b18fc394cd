"""How methods are optimised, by one optimizer or several."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor, nn
from torch.optim import Optimizer

from hdrgen.methods.clipping import GradientClipping
from hdrgen.methods.schedules import monitor_of


def nothing_of(parameters: Iterable[Tensor]) -> Tensor:
    """0 () in which all of them take part: with several processes, each parameter must get a gradient."""
    return torch.stack([0 * parameter.sum() for parameter in parameters]).sum()


class OptimizedModule(LightningModule):
    """The part of `HDRModule` that makes optimizers and schedules, and steps optimizers; see `Schedules`.

    Attributes:
        optimizer: Makes the optimizer from the parameters; None where there are none.
        scheduler: Makes the learning-rate scheduler from the optimizer; None keeps the rate.
        interval: When the scheduler steps.
        clipping: Of gradients under manual optimisation; None clips nothing. Else the trainer clips.
    """

    clipping: GradientClipping | None = None
    optimizer: OptimizerCallable | None
    scheduler: LRSchedulerCallable | None
    interval: Literal["epoch", "step"]

    def configure_optimizers(self) -> Any:
        """The optimizer and scheduler of the arguments; none for a method without parameters.

        A method with several optimizers returns a list of `scheduled` ones.
        """
        return None if self.optimizer is None else self.scheduled(self.optimizer(self.parameters()))

    def scheduled(self, optimizer: Optimizer) -> Any:
        """`optimizer` with the learning-rate schedule of the arguments, as Lightning takes it."""
        if self.clipping is not None and not self.automatic_optimization:
            self.clipping.watch(optimizer)
        if self.scheduler is None:
            return {"optimizer": optimizer}
        schedule: dict[str, Any] = {"scheduler": self.scheduler(optimizer), "interval": self.interval}
        if self.automatic_optimization:  # else Lightning warns of what it leaves to `Schedules`
            # Not strict: without validation scenes `Schedules` goes by the loss, and without that at the same rate.
            schedule |= {"monitor": monitor_of(schedule["scheduler"]), "strict": False}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def descend(self, loss: Tensor, idle: Sequence[nn.Module] = ()) -> None:
        """Under manual optimisation: one backward pass, then a step of every optimizer.

        Args:
            loss: The sum of all optimizers' losses. One pass gives each parameter its gradient once, as
                DistributedDataParallel expects.
            idle: Networks that take no part in the loss; they keep their weights.
        """
        unused = [parameter for network in idle for parameter in network.parameters()]
        loss = loss + nothing_of(unused) if unused else loss
        configured: Any = self.optimizers()
        optimizers = configured if isinstance(configured, list) else [configured]
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(loss)
        for parameter in unused:
            parameter.grad = None
        for optimizer in optimizers:
            optimizer.step()

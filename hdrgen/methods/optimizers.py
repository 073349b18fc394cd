"""How methods are optimised, by one optimizer or several."""

from typing import Any, Literal

from pytorch_lightning import Callback, LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable
from torch import Tensor
from torch.optim import Optimizer

from hdrgen.methods.schedules import Schedules, monitor_of


class OptimizedModule(LightningModule):
    """The part of `HDRModule` that makes and steps optimizers and schedules.

    Attributes:
        optimizer: Makes the optimizer from the parameters; None where there are none.
        scheduler: Makes the learning-rate scheduler from the optimizer; None keeps the rate.
        interval: When the scheduler steps.
    """

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
        if self.scheduler is None:
            return {"optimizer": optimizer}
        schedule: dict[str, Any] = {"scheduler": self.scheduler(optimizer), "interval": self.interval}
        if self.automatic_optimization:  # else Lightning warns of what it leaves to `Schedules`
            # Not strict: without validation scenes there is nothing to monitor, and training goes on at the same rate.
            schedule |= {"monitor": monitor_of(schedule["scheduler"]), "strict": False}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def configure_callbacks(self) -> list[Callback]:
        """What steps the schedules; a method that adds callbacks of its own adds them to these."""
        return [Schedules()]

    def descend(self, loss: Tensor, clip_value: float | None = None) -> None:
        """Under manual optimisation: one backward pass, then a step of every optimizer.

        Args:
            loss: The sum of all optimizers' losses. One pass gives each parameter its gradient once, as
                DistributedDataParallel expects.
            clip_value: Largest magnitude of a gradient's entries; None clips nothing.
        """
        configured: Any = self.optimizers()
        optimizers = configured if isinstance(configured, list) else [configured]
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in optimizers:
            if clip_value is not None:
                self.clip_gradients(optimizer, gradient_clip_val=clip_value, gradient_clip_algorithm="value")
            optimizer.step()

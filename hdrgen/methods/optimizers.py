"""How methods are optimised, by one optimizer or several."""

from typing import Any, Literal

from pytorch_lightning import LightningModule
from pytorch_lightning.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from hdrgen.methods.clipping import GradientClipping


class OptimizedModule(LightningModule):
    """The part of `HDRModule` that makes and steps optimizers and schedules.

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
        scheduler = self.scheduler(optimizer)
        if not self.automatic_optimization:
            return {"optimizer": optimizer, "lr_scheduler": scheduler}
        # Not strict: without validation scenes there is nothing to monitor, and training goes on at the same rate.
        schedule = {"scheduler": scheduler, "interval": self.interval, "monitor": _monitor(scheduler), "strict": False}
        return {"optimizer": optimizer, "lr_scheduler": schedule}

    def descend(self, loss: Tensor) -> None:
        """Under manual optimisation: one backward pass, then a step of every optimizer.

        Args:
            loss: The sum of all optimizers' losses. One pass gives each parameter its gradient once, as
                DistributedDataParallel expects.
        """
        configured: Any = self.optimizers()
        optimizers = configured if isinstance(configured, list) else [configured]
        for optimizer in optimizers:
            optimizer.zero_grad()
        self.manual_backward(loss)
        for optimizer in optimizers:
            optimizer.step()

    def on_train_batch_end(self, *_: Any) -> None:
        """Under manual optimisation, step the schedules that go by steps: Lightning leaves that to the method."""
        self._step_schedules("step")

    def on_train_epoch_end(self) -> None:
        """Under manual optimisation, step the schedules that go by epochs."""
        self._step_schedules("epoch")

    def _step_schedules(self, interval: str) -> None:
        if self.automatic_optimization or interval != self.interval:
            return
        for scheduler in (config.scheduler for config in self.trainer.lr_scheduler_configs):
            monitor = _monitor(scheduler)
            if monitor is None:
                scheduler.step()
            elif monitor in self.trainer.callback_metrics:
                scheduler.step(self.trainer.callback_metrics[monitor])  # type: ignore[arg-type]


def _monitor(scheduler: LRScheduler | ReduceLROnPlateau) -> str | None:
    """The logged value that a schedule goes by, for those that go by one."""
    return getattr(scheduler, "monitor", None)

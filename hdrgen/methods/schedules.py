"""When learning-rate schedules step, so that a training that goes on from any checkpoint is the same."""

import inspect
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.utilities import rank_zero_warn
from torch import Tensor

from hdrgen.errors import InputError

VALIDATION, LOSS = "val/", "train/loss"
TRAINING = "the mean of train/loss"
"""What a scheduler that goes by a score of validation is shown in a training without: the mean over the epoch."""
NEVER = sys.maxsize
"""Steps or epochs between two calls of Lightning's."""


class Schedule(NamedTuple):
    """What steps one scheduler.

    Attributes:
        scheduler: Of torch, or a module's own.
        monitor: The logged value that it goes by; None for one that goes by time.
        interval: What is counted, `step` or `epoch`.
        frequency: Every so many of them.
        strict: Whether a value that is not logged ends the training.
    """

    scheduler: Any
    monitor: str | None
    interval: str
    frequency: int
    strict: bool


def logged_in_step(trainer: Trainer) -> dict[str, Tensor]:
    """What the training step has logged, by name, as it is on its device.

    `trainer.callback_metrics` makes a Python number of each value that a progress bar shows whenever it is read, and a
    GPU would be waited for after each batch.
    """
    results: Any = trainer._results
    found = ((item.meta.name, item._forward_cache) for _, item in results.valid_items() if item.meta.on_step)
    return {name: value.detach() for name, value in found if isinstance(value, Tensor)}


class Schedules(Callback):
    """Steps the schedulers that Lightning would step too late, too often, or, under manual optimisation, not at all.

    Lightning steps a scheduler that goes by a value, such as ReduceLROnPlateau, after the checkpoints of the epoch have
    been written, so that a training that goes on from one loses an observation; and where validation does not run in
    every epoch, it shows the last value again and again. Here such a scheduler is shown each value once, when it is
    new, before any checkpoint is written; a value that is not due yet goes with the checkpoint. Of schedulers that go
    by time, those under manual optimisation are stepped here, and all others by Lightning.

    `HDRModule` brings it along; being no `Checkpoint`, it runs before those that are.
    """

    def __init__(self) -> None:
        self._schedules: list[Schedule] = []
        self._old: dict[str, Tensor] = {}
        self._noted: dict[str, float] = {}
        self._steps = 0
        self._warned = False
        self._losses: Any = 0.0  # their sum, which stays on the device
        self._counted = 0

    def state_dict(self) -> dict[str, Any]:
        """Values that are noted and have not been shown yet, by the number of the scheduler; losses of the epoch."""
        return {"noted": dict(self._noted), "losses": [float(self._losses), self._counted]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take up what a checkpoint has noted, where it is plain numbers."""
        noted = state_dict.get("noted")
        values = noted if isinstance(noted, dict) else {}
        self._noted = {str(key): value for key, value in values.items() if isinstance(value, float)}
        losses = state_dict.get("losses")
        match losses:
            case [float(total), int(count)]:
                self._losses, self._counted = total, count

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take the schedulers over from Lightning."""
        automatic = pl_module.automatic_optimization
        self._schedules, self._old, self._warned = [], {}, False
        for config in trainer.lr_scheduler_configs:
            monitor = config.monitor if automatic else monitor_of(config.scheduler)
            if monitor and monitor.startswith(VALIDATION) and unvalidated(trainer) and config.interval == "epoch":
                monitor = TRAINING
            if config.reduce_on_plateau or not automatic:
                timing = config.interval, config.frequency
                self._schedules.append(Schedule(config.scheduler, monitor, *timing, automatic and config.strict))
                config.frequency = NEVER

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Where a training goes on after a whole epoch, have the next begin.

        With `max_steps` Lightning would take up the finished epoch again, count it twice, and go on with the scenes of
        the epoch after the next.

        Raises:
            InputError: The checkpoint has put something in the place of what a scheduler does.
        """
        for config in trainer.lr_scheduler_configs:
            _check_whole(config.scheduler)
        loop = trainer.fit_loop
        epochs: Any = loop.epoch_progress
        if trainer.is_last_batch and epochs.current.processed == epochs.current.ready:
            epochs.current.completed, epochs.total.completed = epochs.current.processed, epochs.total.processed
            loop.reset_restart_stage()
            loop.epoch_loop.restarting = False

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """What was logged until now is old."""
        for schedule in self._schedules:
            self._age(trainer, schedule.monitor)

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Remember how many steps there were."""
        self._steps = trainer.global_step

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Step the schedules that go by steps, if an optimizer has made one."""
        if self._steps != trainer.global_step:
            self._count("step", batch_idx + 1, trainer, pl_module)
        if any(schedule.monitor == TRAINING for schedule in self._schedules):
            logged = logged_in_step(trainer)
            if LOSS in logged:
                self._losses, self._counted = self._losses + logged[LOSS], self._counted + 1
        if trainer.is_last_batch:
            self._note(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Note the values, and show them to schedules that go by steps."""
        if not trainer.sanity_checking and trainer.state.fn == "fit":
            self._note(trainer)
            self._count("step", trainer.fit_loop.batch_idx + 1, trainer, pl_module, monitored=True)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Step the schedules that go by epochs, unless `max_steps` cut this one short."""
        if trainer.is_last_batch:
            self._note(trainer)
            self._note_training()
            self._count("epoch", trainer.current_epoch + 1, trainer, pl_module)

    def _count(
        self, interval: str, done: int, trainer: Trainer, method: LightningModule, monitored: bool = False
    ) -> None:
        """After so many steps or epochs, step the schedules that are due."""
        for number, schedule in enumerate(self._schedules):
            if schedule.interval != interval or done % schedule.frequency or (monitored and not schedule.monitor):
                continue
            if schedule.monitor is None:
                method.lr_scheduler_step(schedule.scheduler, None)
                continue
            if interval == "step" and not monitored:
                self._note(trainer, schedule.monitor)
            value = self._noted.pop(str(number), None)
            if value is not None:
                method.lr_scheduler_step(schedule.scheduler, value)
            elif interval == "epoch" and schedule.monitor not in trainer.callback_metrics:
                self._missed(schedule, trainer)

    def _note(self, trainer: Trainer, only: str | None = None) -> None:
        """Note the values that have been logged since the last look."""
        logged = trainer.callback_metrics
        for monitor in dict.fromkeys(each.monitor for each in self._schedules):
            if monitor is None or only not in (None, monitor):
                continue
            value = logged.get(monitor)
            if value is None or value is self._old.get(monitor):
                continue
            for number, schedule in enumerate(self._schedules):
                if schedule.monitor == monitor:
                    self._noted[str(number)] = float(value)
            self._age(trainer, monitor)

    def _note_training(self) -> None:
        """Note the mean loss of the epoch, which stands for a score of validation where there is none."""
        losses, count = self._losses, self._counted
        self._losses, self._counted = 0.0, 0
        for number, schedule in enumerate(self._schedules):
            if schedule.monitor == TRAINING and count:
                self._noted[str(number)] = float(losses) / count

    def _age(self, trainer: Trainer, monitor: str | None) -> None:
        """Put a copy of a value in its place: whatever is logged later is another object."""
        logged = trainer.callback_metrics
        if monitor in logged:
            logged[monitor] = self._old[monitor] = logged[monitor].clone()

    def _missed(self, schedule: Schedule, trainer: Trainer) -> None:
        """Tell that a value is not there, once.

        Raises:
            MisconfigurationException: The scheduler insists on it.
        """
        found = (
            f"the schedule goes by {schedule.monitor}, found {', '.join(trainer.callback_metrics) or 'nothing'} logged"
        )
        if schedule.strict:
            raise MisconfigurationException(found)
        if not self._warned and trainer.check_val_every_n_epoch in (None, 1):
            self._warned = True
            rank_zero_warn(f"{found}; the learning rate stays until it is")


def unvalidated(trainer: Trainer) -> bool:
    """Whether a training has no scenes to validate."""
    data: Any = getattr(trainer, "datamodule", None)
    return trainer.limit_val_batches == 0 or (data is not None and getattr(data, "val", data) is None)


def _check_whole(scheduler: Any) -> None:
    """Schedulers of torch take any attribute from a checkpoint, also one in the place of a method."""
    kind = type(scheduler)
    for name in vars(scheduler):
        if inspect.isfunction(getattr(kind, name, None)):
            raise InputError(f"expected the state of a {kind.__name__}, found {name[:64]!r} in it", "ckpt_path")
    for part in getattr(scheduler, "_schedulers", ()):
        _check_whole(part)


def monitor_of(scheduler: Any) -> str | None:
    """The logged value that a scheduler of `pytorch_lightning.cli` goes by, for those that go by one."""
    return getattr(scheduler, "monitor", None)

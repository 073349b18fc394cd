"""How a run ends before its time: at once, with all its processes, and with a word on how to go on."""

import signal
from functools import partial
from pathlib import Path
from typing import Any

from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.trainer.states import TrainerFn

from hdrgen import signals
from hdrgen.signals import Advice


class EarlyEnd(Callback):
    """Ends a run that gets SIGTERM or Ctrl-C, or fails, with every process that it started.

    Lightning's own handler of SIGTERM lets a training end as if it were finished, does not end a prediction, and waits
    in a collective call for processes that may be waiting for this one. SLURM's signal to queue a job again is left to
    Lightning.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Have a training say how to go on, however it ends."""
        if stage == TrainerFn.FITTING:
            signals.advise(partial(how_to_go_on, trainer))

    def on_sanity_check_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Lightning has just put its handlers in place; the one of `hdrgen.signals` comes back."""
        signals.relisten()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The same, without validation before it."""
        signals.relisten()

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The same for `validate`."""
        signals.relisten()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The same for `test`."""
        signals.relisten()

    def on_predict_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """The same for `predict`."""
        signals.relisten()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """End the other processes that this one has started."""
        launcher: Any = trainer.strategy.launcher
        if launcher is not None and trainer.is_global_zero and not isinstance(exception, KeyboardInterrupt):
            launcher.kill(signal.SIGTERM)
            getattr(launcher, "procs", []).clear()  # or Lightning would see them end, and kill this process for it


def how_to_go_on(trainer: Trainer) -> Advice:
    """What there is for a training to resume from."""
    checkpoint = trainer.checkpoint_callback
    if isinstance(checkpoint, ModelCheckpoint) and checkpoint.dirpath:
        last = Path(checkpoint.dirpath) / "last.ckpt"
        if last.is_file():
            return Advice(f"go on with ckpt_path='{last}', which holds the last whole epoch", "ckpt_path")
    if trainer.ckpt_path:
        return Advice(f"no further epoch was finished: go on with ckpt_path='{trainer.ckpt_path}' again", "ckpt_path")
    return Advice("no epoch was finished: start again", None)

"""The checkpoint to resume from, and how checkpoints are written."""

import signal
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning_fabric.plugins.io import TorchCheckpointIO
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint

from hdrgen.callbacks.not_finite import weights_not_finite
from hdrgen.errors import InputError
from hdrgen.io import complete_or_nothing
from hdrgen.signals import unbroken

QUEUE_SIGNALS = [getattr(signal, name) for name in ("SIGUSR1", "SIGUSR2") if hasattr(signal, name)]
"""Those by which SLURM may say that the time is up; Windows has none."""


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it: no half file, and the one before stays until then.

    Lightning writes to the system's temporary folder first and then copies, which a full disk or a kill interrupts.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write `checkpoint` to `path`.

        Raises:
            InputError: The folder cannot be written, or the disk is full; weights that are NaN or infinite, which may
                not take the place of the last good ones.
        """
        path = Path(path)
        if bad := weights_not_finite(checkpoint):
            raise InputError(
                f"{path}: not written, since the weights of {len(bad)} tensors are NaN or infinite at step"
                f" {checkpoint.get('global_step')} (the first is {bad[0]}); lower the learning rate and go on with the"
                " checkpoint before"
            )
        with unbroken(), complete_or_nothing(path) as temporary, temporary.open("wb", buffering=0) as file:
            try:
                torch.save(checkpoint, file)
            except RuntimeError as error:  # torch's writer hides what a full disk raises
                if isinstance(error.__context__, OSError):
                    raise error.__context__ from None
                raise


class LastCheckpoint(Checkpoint):
    """Writes `last.ckpt` beside the run's other checkpoints after every epoch of training.

    ModelCheckpoint's own `save_last` renews it only when an epoch is among the best, so that a run that goes on from
    it would lose all epochs since. Being a `Checkpoint`, it runs after all other callbacks and after ModelCheckpoint,
    whose memory of the best it must hold.

    Where SLURM signals that the time is up, Lightning saves the training and has the job queued again; at whatever
    point of a step it is. Here that waits for the end of the step, from which the training goes on as it would have.
    """

    def __init__(self) -> None:
        self._queue: Callable[[], object] | None = None
        self._asked = False

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Have `WholeFiles` write the checkpoints of the run, unless the strategy has a writer of its own."""
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = WholeFiles()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Take SLURM's signal from Lightning, which has put its handler in place before this."""
        self._queue, self._asked = None, False
        if threading.current_thread() is not threading.main_thread():
            return
        for number in QUEUE_SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler) and type(handler).__module__.startswith("pytorch_lightning."):
                self._queue = partial(handler, number, None)
                signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self._asked = True

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Save and queue again, if SLURM has asked for it."""
        if self._asked and self._queue is not None:
            self._asked = False
            self._queue()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Write what was logged of the epoch before after its checkpoint."""
        _write_logs(trainer)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save on every rank, as sharded strategies need; rank 0 writes. The log, to go on with, has no gap then."""
        _write_logs(trainer)
        checkpoint = trainer.checkpoint_callback
        if isinstance(checkpoint, ModelCheckpoint) and checkpoint.dirpath:
            trainer.save_checkpoint(Path(checkpoint.dirpath) / "last.ckpt", weights_only=False)


def _write_logs(trainer: Trainer) -> None:
    for logger in trainer.loggers if trainer.is_global_zero else ():
        logger.save()

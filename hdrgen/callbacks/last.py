"""The checkpoint to resume from, and how checkpoints are written."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io import TorchCheckpointIO
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint

from hdrgen.errors import InputError
from hdrgen.signals import unbroken


class WholeFiles(TorchCheckpointIO):
    """Writes a checkpoint beside its place and renames it: no half file, and the one before stays until then.

    Lightning writes to the system's temporary folder first and then copies, which a full disk or a kill interrupts.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None) -> None:
        """Write it.

        Raises:
            InputError: the folder cannot be written, or the disk is full.
        """
        path = Path(path)
        temporary = path.with_name(f".{path.name}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with unbroken():
                torch.save(checkpoint, temporary)
                temporary.replace(path)
        except (OSError, RuntimeError) as error:  # torch's writer raises the latter on a full disk
            told = " ".join(str(error).split())[:120]
            raise InputError(f"{path}: cannot be written ({told}); check folder and free space") from error
        finally:
            with suppress(OSError):
                temporary.unlink()


class LastCheckpoint(Checkpoint):
    """Writes `last.ckpt` beside the run's other checkpoints after every epoch of training.

    ModelCheckpoint's own `save_last` renews it only when an epoch is among the best, so that a run that goes on from
    it would lose all epochs since. Being a `Checkpoint`, it runs after all other callbacks and after ModelCheckpoint,
    whose memory of the best it must hold.
    """

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Have all checkpoints of the run written whole or not at all, unless the strategy has a way of its own."""
        if type(trainer.strategy.checkpoint_io) is TorchCheckpointIO:
            trainer.strategy.checkpoint_io = WholeFiles()

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save on every rank, as sharded strategies need; rank 0 writes."""
        checkpoint = trainer.checkpoint_callback
        if isinstance(checkpoint, ModelCheckpoint) and checkpoint.dirpath:
            trainer.save_checkpoint(Path(checkpoint.dirpath) / "last.ckpt", weights_only=False)

"""The checkpoint to resume from."""

from pathlib import Path

from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint


class LastCheckpoint(Checkpoint):
    """Writes `last.ckpt` beside the run's other checkpoints after every epoch of training.

    ModelCheckpoint's own `save_last` renews it only when an epoch is among the best, so that a run that goes on from
    it would lose all epochs since. Being a `Checkpoint`, it runs after all other callbacks and after ModelCheckpoint,
    whose memory of the best it must hold.
    """

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Save on every rank, as sharded strategies need; rank 0 writes."""
        checkpoint = trainer.checkpoint_callback
        if isinstance(checkpoint, ModelCheckpoint) and checkpoint.dirpath:
            trainer.save_checkpoint(Path(checkpoint.dirpath) / "last.ckpt", weights_only=False)

"""Data sets to pack, and a way to look at what a training got."""

import pytorch_lightning as pl
import torch

from hdrgen.data import ExposureStackDataModule, PackedStacks, Packing, pack
from tests.data.stacks import CountingStacks

DATA = {"class_path": "CountingStacks", "init_args": {"count": 14}}
SMALL = 0.055
"""MiB of a shard: three samples of `Views`."""


class Views(CountingStacks):
    """Two samples of each scene, which no split may part."""

    def __init__(self, count=14, **more):
        super().__init__(count, **more)

    def group(self, index):
        return f"place_{index // 2}"


def packed(destination, dataset=None, progress=lambda line: None, **how):
    packing = Packing(**({"shard_mib": SMALL} | how))
    return pack(dataset or Views(), str(destination), DATA, packing, progress)


class Seen(pl.LightningModule):
    """Remembers the scenes of every batch, and learns something that depends on all of them in order."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.scenes = []

    def validation_step(self, batch, index):
        pass

    def training_step(self, batch, index):
        self.scenes.append((self.current_epoch, *batch["scene"]))
        return (self.weight - batch["ldr"].mean()) ** 2

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def trained(root, folder=None, epochs=2, ckpt_path=None, workers=0, every=0, **data):
    """Scenes of each batch and the weight in the end; checkpoints of every so many steps in `folder`."""
    saving = [pl.callbacks.ModelCheckpoint(folder, "{step}", every_n_train_steps=every, save_top_k=-1)] if every else []
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=bool(every),
        callbacks=saving,
    )
    model = Seen()
    loader = ExposureStackDataModule(PackedStacks(str(root)), batch_size=2, num_workers=workers, **data)
    trainer.fit(model, loader, ckpt_path=ckpt_path, weights_only=True if ckpt_path else None)
    return model.scenes, model.weight.item()

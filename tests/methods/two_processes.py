"""Run by test_every_method.py in two processes: trains each method for one step and writes down what it became."""

import sys
from pathlib import Path

import torch
from pytorch_lightning import Callback, Trainer

from hdrgen.data import ExposureStackDataModule
from tests.methods.examples import EXAMPLES, Example


class Scenes(Callback):
    """Remembers which scenes this process trained on."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def on_train_batch_start(self, trainer, module, batch, *_):
        self.names += batch["scene"]


def fit(example: Example, folder: Path) -> None:
    model, scenes = example.model(), Scenes()
    data = ExposureStackDataModule(train=example.data(4), val=example.data(2), batch_size=2)
    trainer = Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp",
        max_epochs=1,
        callbacks=[scenes],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(model, data)
    weights = torch.cat([parameter.detach().flatten() for parameter in model.parameters()])
    torch.save(
        {"weights": weights, "scenes": scenes.names}, folder / f"{type(model).__name__}_{trainer.global_rank}.pt"
    )


if __name__ == "__main__":
    for each in EXAMPLES:
        fit(each, Path(sys.argv[1]))

"""Run by test_module.py in two processes: records which scenes each of them sees in each stage."""

import json
import sys
from pathlib import Path

import pytorch_lightning as pl
import torch

from hdrgen.data import ExposureStackDataModule, ProceduralScenes, RandomPair


class Recorder(pl.LightningModule):
    exposures = RandomPair()

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(()))
        self.seen = []

    def record(self, stage, batch):
        self.seen.append([stage, self.current_epoch, batch["scene"], batch["ev"].flatten().tolist()])

    def training_step(self, batch, index):
        self.record("fit", batch)
        return self.weight * batch["ldr"].mean()

    def validation_step(self, batch, index):
        self.record("validate", batch)

    def test_step(self, batch, index):
        self.record("test", batch)

    def predict_step(self, batch, index):
        self.record("predict", batch)
        return 0

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)


def main(folder: Path, photographs: str) -> None:
    data = ExposureStackDataModule(
        train=ProceduralScenes(6, 16),
        val=ProceduralScenes(3, 16, seed=1),
        test=ProceduralScenes(3, 16, seed=2),
        predict=photographs,
        batch_size=1,
    )
    model = Recorder()
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=2,
        strategy="ddp",
        max_epochs=2,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(model, data)
    trainer.validate(model, data)
    trainer.test(model, data)
    trainer.predict(model, data)
    (folder / f"rank{trainer.global_rank}.json").write_text(json.dumps(model.seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])

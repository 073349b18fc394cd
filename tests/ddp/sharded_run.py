"""Run by test_sharding.py in two processes: trains small networks whole and in parts, and writes both down."""

import sys
from pathlib import Path

import pytorch_lightning as pl
import torch
from torch.distributed.tensor import DTensor

from hdrgen.callbacks import ActivationCheckpointing
from hdrgen.data import ExposureStackDataModule
from hdrgen.methods import DeepSynthHDRI, FullySharded, GradientClipping, MultiExposureGeneration
from tests.methods.examples import EXAMPLES, Example


class Held(pl.Callback):
    """How many numbers of the trained weights, and of their moments, this process holds at the end of a training."""

    def __init__(self) -> None:
        self.weights = self.moments = 0

    def on_train_end(self, trainer, pl_module):
        weights = [weight for weight in pl_module.parameters() if weight.requires_grad]
        self.weights = sum(_here(weight).numel() for weight in weights)
        states = [state for optimizer in trainer.optimizers for state in optimizer.state.values()]
        self.moments = sum(_here(value).numel() for state in states for value in state.values() if value.ndim)


def _here(value: torch.Tensor) -> torch.Tensor:
    return value.to_local() if isinstance(value, DTensor) else value


def fit(example: Example, folder: Path, name: str, strategy, again: bool = False, ckpt_path=None) -> None:
    """Two clipped steps an epoch of two processes; validation of three scenes, of which one process gets two."""
    model, held = example.model(), Held()
    model.channels_last = False  # rounds otherwise, and Adam makes steps of that
    limit = 0.01 if model.automatic_optimization else None
    model.clipping = None if limit else GradientClipping(0.01)
    saving = pl.callbacks.ModelCheckpoint(folder / name, "{epoch}", monitor="val/psnr", mode="max", save_last=True)
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=2,
        strategy=strategy,
        max_epochs=2 if ckpt_path else 1,
        gradient_clip_val=limit,
        callbacks=[held, saving, *([ActivationCheckpointing()] if again else [])],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    data = ExposureStackDataModule(train=example.data(4), val=example.data(3), batch_size=1)
    trainer.fit(model, data, ckpt_path=ckpt_path, weights_only=True if ckpt_path else None)
    scores = {key: value.item() for key, value in trainer.callback_metrics.items() if key.startswith("val/")}
    torch.save([held.weights, held.moments, scores], folder / f"{name}_{trainer.global_rank}.pt")


def main(folder: Path) -> None:
    """Each method whole and in parts; one of them on from the checkpoint of the other way, too."""
    le, kim = (next(one for one in EXAMPLES if one.method is kind) for kind in (MultiExposureGeneration, DeepSynthHDRI))
    fit(le, folder, "le_whole", "ddp")
    fit(le, folder, "le_parts", FullySharded())
    fit(kim, folder, "kim_whole", "ddp")
    fit(kim, folder, "kim_parts", "sharded", again=True)
    fit(kim, folder, "kim_whole_on", "ddp", ckpt_path=folder / "kim_parts/last.ckpt")
    fit(kim, folder, "kim_parts_on", "sharded", ckpt_path=folder / "kim_whole/last.ckpt")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A training that goes on from any of its checkpoints is the one that was never interrupted, whatever its schedule."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.cli import ReduceLROnPlateau
from torch.optim import Adam, lr_scheduler

from hdrgen.data import ExposureStackDataModule
from hdrgen.errors import InputError
from hdrgen.weights import checked_loops, resumable
from tests.toys import ToyMethod, ToyScenes

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")


@pytest.fixture(autouse=True)
def silent(caplog):
    caplog.set_level(logging.ERROR, logger="pytorch_lightning")


class Everywhere(Checkpoint):
    """Writes a checkpoint at every place where one may be written."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count = folder, 0

    def save(self, trainer: Trainer, place: str) -> None:
        if not trainer.sanity_checking:
            self.count += 1
            trainer.save_checkpoint(self.folder / f"{self.count:03d}-{place}.ckpt")

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        self.save(trainer, "batch")

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        self.save(trainer, "validation")

    def on_train_epoch_end(self, trainer: Trainer, *_: Any) -> None:
        self.save(trainer, "epoch")


class Seen(Callback):
    """Remembers what the training went through: epoch, batch, scenes."""

    def __init__(self) -> None:
        self.batches: list[tuple[Any, ...]] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: ToyMethod, batch: Any, batch_idx: int) -> None:
        self.batches.append((trainer.current_epoch, batch_idx, *batch["scene"]))


class ByHand(ToyMethod):
    """The same under manual optimisation."""

    automatic_optimization = False

    def training_step(self, batch: Any, batch_idx: int) -> None:
        self.descend(super().training_step(batch, batch_idx))


class Several(ToyMethod):
    """Schedulers as somebody may write them for Lightning."""

    def configure_optimizers(self) -> Any:
        optimizer = Adam(self.parameters(), lr=0.01)
        return [optimizer], [
            {"scheduler": plateau()(optimizer), "monitor": "val/psnr", "interval": "epoch", "frequency": 2},
            {"scheduler": lr_scheduler.CosineAnnealingLR(optimizer, 20), "interval": "step", "frequency": 2},
        ]


def plateau(monitor: str = "val/psnr") -> Callable[[Any], Any]:
    """Never content: every value that it is shown halves the rate."""
    return lambda optimizer: ReduceLROnPlateau(optimizer, monitor, "max", 0.5, 0, threshold=1e9)


def cosine(optimizer: Any) -> Any:
    return lr_scheduler.CosineAnnealingLR(optimizer, 10)


def warmed(optimizer: Any) -> Any:
    parts = [lr_scheduler.LinearLR(optimizer, total_iters=2), cosine(optimizer)]
    return lr_scheduler.SequentialLR(optimizer, parts, [2])


def one_cycle(optimizer: Any) -> Any:
    return lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=12)


def fit(model: ToyMethod, callbacks: list[Callback], ckpt_path: Path | None = None, **options: Any) -> Any:
    """Train.

    Returns:
        Weights, rate and states of the schedulers as text, which shows every bit of a number; the batches.
    """
    workers = options.pop("workers", 0)
    data = ExposureStackDataModule(train=ToyScenes(3), val=ToyScenes(1), batch_size=1, num_workers=workers)
    seen = Seen()
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    trainer = Trainer(callbacks=[seen, *callbacks], enable_checkpointing=bool(callbacks), **quiet, **options)
    trainer.fit(model, data, ckpt_path=ckpt_path, weights_only=True if ckpt_path else None)
    rates = [group["lr"] for optimizer in trainer.optimizers for group in optimizer.param_groups]
    states = [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs]
    return str((model.weight.flatten().tolist(), rates, states)), seen.batches


def trained(method: type[ToyMethod], scheduler: Any, interval: str) -> ToyMethod:
    model = method()
    model.scheduler, model.interval = scheduler, interval
    return model


TRAININGS: dict[str, tuple[Any, ...]] = {
    "cosine, by steps": (ToyMethod, cosine, "step", {"max_epochs": 2}),
    "cosine, so many steps": (ToyMethod, cosine, "epoch", {"max_steps": 7}),
    "plateau": (ToyMethod, plateau(), "epoch", {"max_epochs": 3}),
    "plateau, so many steps": (ToyMethod, plateau(), "epoch", {"max_steps": 7}),
    "plateau, every second epoch": (ToyMethod, plateau(), "epoch", {"max_epochs": 3, "check_val_every_n_epoch": 2}),
    "plateau, within epochs": (ToyMethod, plateau(), "step", {"max_epochs": 2, "val_check_interval": 1}),
    "plateau, across epochs": (
        *(ToyMethod, plateau(), "step"),
        {"max_steps": 7, "val_check_interval": 2, "check_val_every_n_epoch": None},
    ),
    "plateau of a loss": (ToyMethod, plateau("train/loss"), "epoch", {"max_epochs": 2}),
    "plateau of a loss, by steps": (ToyMethod, plateau("train/loss"), "step", {"max_epochs": 2}),
    "a warm-up, then cosine": (ToyMethod, warmed, "step", {"max_epochs": 2}),
    "one cycle": (ToyMethod, one_cycle, "step", {"max_epochs": 2}),
    "several": (Several, None, "epoch", {"max_epochs": 3}),
    "by hand, cosine": (ByHand, cosine, "step", {"max_steps": 7}),
    "by hand, cosine by epochs": (ByHand, cosine, "epoch", {"max_epochs": 2}),
    "by hand, plateau": (ByHand, plateau(), "epoch", {"max_epochs": 3, "check_val_every_n_epoch": 2}),
    "a part of each epoch": (ToyMethod, plateau(), "epoch", {"max_epochs": 3, "limit_train_batches": 2}),
}


@pytest.mark.parametrize("first", [5, pytest.param(99, marks=pytest.mark.slow)], ids=["some", "all"])
@pytest.mark.parametrize("name", TRAININGS)
def test_a_training_goes_on_from_every_place(name, first, tmp_path):
    """Of some: in the first epoch after its first and last batch, after its validation, and at its end."""
    *how, options = TRAININGS[name]
    whole, batches = fit(trained(*how), [Everywhere(tmp_path)], **options)
    checkpoints = sorted(tmp_path.iterdir())
    for path in checkpoints[:1] + checkpoints[2:first]:
        resumed, seen = fit(trained(*how), [], path, **options)
        assert seen == batches[len(batches) - len(seen) :], path.name
        assert resumed == whole, path.name
    assert len(checkpoints) > len(batches)


@pytest.mark.slow
def test_with_processes_that_load_it_is_the_same(tmp_path):
    *how, options = TRAININGS["plateau"]
    whole, _ = fit(trained(*how), [Everywhere(tmp_path)], **options)
    for path in sorted(tmp_path.iterdir())[::3]:  # each place within an epoch in one of the three
        assert fit(trained(*how), [], path, workers=2, **options)[0] == whole, path.name


@pytest.mark.parametrize("method", [ToyMethod, ByHand])
@pytest.mark.parametrize("steps", [2, 3, 4])
def test_a_training_is_lengthened(method, steps, tmp_path):
    """Steps that end within an epoch, at its end, and within the next."""
    how = (method, plateau(), "epoch")
    whole, batches = fit(trained(*how), [], max_steps=8)
    fit(trained(*how), [Everywhere(tmp_path)], max_steps=steps)
    resumed, seen = fit(trained(*how), [], max(tmp_path.iterdir()), max_steps=8)
    assert seen == batches[steps:]
    assert resumed == whole


def test_the_rate_falls_once_for_each_value():
    """Three validations in seven epochs: the first is the best so far, two halve the rate; Lightning shows it six."""
    told, _ = fit(trained(ToyMethod, plateau(), "epoch"), [], max_epochs=7, check_val_every_n_epoch=2)
    assert "[0.0025]" in told


def test_a_schedule_that_goes_by_what_nobody_logs_says_so():
    with pytest.warns(UserWarning, match="the schedule goes by val/typo, found .*val/psnr.* logged; the learning rate"):
        fit(trained(ToyMethod, plateau("val/typo"), "epoch"), [], max_epochs=2)


@pytest.mark.parametrize("rises", [False, True])
def test_without_validation_a_schedule_goes_by_the_mean_loss_of_each_epoch(rises):
    def scheduler(optimizer):
        return ReduceLROnPlateau(optimizer, "val/l1", "min", 0.5, 0, threshold=0)

    class Toy(ToyMethod):
        def training_step(self, batch, batch_idx):
            loss = super().training_step(batch, batch_idx)
            if rises:
                self.log("train/loss", torch.tensor(1.0 + self.trainer.current_epoch), batch_size=1)
            return loss

    method = trained(Toy, scheduler, "epoch")
    data = ExposureStackDataModule(train=ToyScenes(3), batch_size=1)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    trainer = Trainer(max_epochs=3, enable_checkpointing=False, **quiet)
    trainer.fit(method, data)
    # The toy's own loss falls, and every epoch is the best so far; of one that rises, the first stays it
    assert trainer.optimizers[0].param_groups[0]["lr"] == (0.0025 if rises else 0.01)


def counts(value: Any) -> dict[str, Any]:
    return {"fit_loop": {"epoch_progress": {"total": {"ready": value}}}}


@pytest.mark.parametrize("value", [-1, 10**18, 1.5, float("nan"), "3", None, [1]])
def test_counts_of_a_crafted_checkpoint_are_bounded(value):
    with pytest.raises(InputError, match=r"expected a count from 0 to .* as 'fit_loop\.epoch_progress\.total\.ready'"):
        checked_loops(counts(value))
    checked_loops(counts(3))


def test_loops_of_other_makers_are_left_alone():
    for loops in ({}, {"fit_loop": None}, {"fit_loop": {"epoch_progress": 1}}):
        assert resumable(loops) == loops

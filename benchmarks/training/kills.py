"""Trainings that are killed again and again: in the end the same bits as one that never was.

Each method at the size of its tests, with a plateau and with a cosine schedule, loading in the training and in two
processes, is killed by SIGKILL at a random moment and goes on from its newest checkpoint, `--kills` times in all; then
it is left to end. A checkpoint is written after every batch, every validation and every epoch, so that a training goes
on from the middle of one. Weights, the optimizers' and the schedules' states are compared bit by bit. Each training
runs in a process of its own, forked from this one; on Linux. Prints a Markdown table.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Checkpoint
from pytorch_lightning.cli import ReduceLROnPlateau
from torch.optim.lr_scheduler import CosineAnnealingLR

from hdrgen.callbacks import LastCheckpoint
from hdrgen.data import ExposureStackDataModule
from tests.methods.examples import EXAMPLES, Example

SCHEDULES: dict[str, tuple[str, Callable[..., Any]]] = {
    "plateau": ("epoch", lambda loss: lambda o: ReduceLROnPlateau(o, loss, "min", 0.5, 0, threshold=1e9)),
    "cosine": ("step", lambda _: lambda o: CosineAnnealingLR(o, 40)),
}
EPOCHS = 4


class Often(Checkpoint):
    """Keeps the newest state of the training as `last.ckpt`, written whole by `LastCheckpoint`'s writer."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "last.ckpt"

    def save(self, trainer: Trainer) -> None:
        """Write it."""
        if not trainer.sanity_checking:
            trainer.save_checkpoint(self.path)

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """In the middle of an epoch."""
        self.save(trainer)

    def on_validation_end(self, trainer: Trainer, *_: Any) -> None:
        """Before what a validation leads to."""
        self.save(trainer)

    def on_train_epoch_end(self, trainer: Trainer, *_: Any) -> None:
        """As every training does."""
        self.save(trainer)


def train(example: Example, schedule: str, workers: int, folder: Path) -> None:
    """Begin a training, or go on with it, and write what it became to `end.pt`."""
    interval, scheduler = SCHEDULES[schedule]
    model = example.model(scheduler=scheduler(example.loss), interval=interval)
    data = ExposureStackDataModule(train=example.data(6), val=example.data(1), batch_size=2, num_workers=workers)
    last = folder / "last.ckpt"
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=EPOCHS,
        max_steps=10**6,  # with a number of steps, as the papers have it, Lightning goes on in another way
        callbacks=[LastCheckpoint(), Often(folder)],
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, data, ckpt_path=last if last.exists() else None, weights_only=True if last.exists() else None)
    states = [optimizer.state_dict() for optimizer in trainer.optimizers]
    schedules = [config.scheduler.state_dict() for config in trainer.lr_scheduler_configs]
    torch.save({"weights": model.state_dict(), "optimizers": states, "schedules": schedules}, folder / "end.pt")


def forked(work: Callable[[], None], seconds: float | None = None) -> bool:
    """Whether some work ended by itself, in a process of its own, before it was killed."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        status = 1
        try:
            warnings.simplefilter("ignore")
            work()
            status = 0
        except BaseException:
            traceback.print_exc(file=sys.stdout)
        finally:
            sys.stdout.flush()
            os._exit(status)
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            if os.waitstatus_to_exitcode(status):
                raise SystemExit("a training failed")
            return True
        if end is not None and time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.01)


def equal(first: Any, second: Any) -> bool:
    """Whether two states are the same to the last bit."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(equal(value, second[key]) for key, value in first.items())
    if isinstance(first, list | tuple):
        return len(first) == len(second) and all(map(equal, first, second))
    return bool(first == second)


def killed(example: Example, schedule: str, workers: int, kills: int, chance: random.Random) -> tuple[bool, int]:
    """Whether a training ends the same, and how often it was killed."""
    with tempfile.TemporaryDirectory() as place:
        whole, parts = Path(place) / "whole", Path(place) / "parts"
        whole.mkdir()
        began = time.monotonic()
        forked(lambda: train(example, schedule, workers, whole))
        length, count = time.monotonic() - began, 0
        while count < kills:
            parts.mkdir(exist_ok=True)
            if forked(lambda: train(example, schedule, workers, parts), chance.uniform(0.1, 1) * length):
                if not same(whole, parts):
                    return False, count
                shutil.rmtree(parts)  # it came to its end: begin again
            else:
                count += 1
        parts.mkdir(exist_ok=True)
        forked(lambda: train(example, schedule, workers, parts))
        return same(whole, parts), count


def same(whole: Path, parts: Path) -> bool:
    return equal(*(torch.load(folder / "end.pt", weights_only=True) for folder in (whole, parts)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="of each training (%(default)s)")
    parser.add_argument("--method", action="append", help="only this one; may be repeated")
    parser.add_argument("--workers", type=int, action="append", help="processes that load (0 and 2)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (%(default)s)")
    options = parser.parse_args()
    print("| method | schedule | workers | killed | the same |\n|---|---|---|---|---|")
    wrong = 0
    for example in EXAMPLES:
        name = example.method.__name__
        if options.method and name not in options.method:
            continue
        for schedule in SCHEDULES:
            for workers in options.workers or (0, 2):
                good, count = killed(example, schedule, workers, options.kills, random.Random(options.seed))
                wrong += not good
                print(f"| {name} | {schedule} | {workers} | {count} | {'yes' if good else 'NO'} |", flush=True)
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())

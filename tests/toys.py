"""A method and scenes small enough to run the whole command line in a second."""

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from pytorch_lightning import Callback, Trainer
from pytorch_lightning.cli import OptimizerCallable
from torch import Tensor

from hdrgen.data import Sample, WholeStack
from hdrgen.data.dataset import StackDataset
from hdrgen.methods import HDRModule, source_of


class ToyMethod(HDRModule):
    """One weight per channel on top of the right answer.

    Args:
        channels: Carried along to see who sets it.
        strength: Where the weight begins.
    """

    exposures = WholeStack()

    def __init__(
        self,
        channels: int = 4,
        strength: float = 0.5,
        stack_ev: Sequence[float] = (-1.0, 0.0, 1.0),
        optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=0.01),
    ) -> None:
        super().__init__(optimizer, stack_ev=stack_ev)
        self.save_hyperparameters(ignore=["optimizer"])
        self.channels = channels
        self.weight = torch.nn.Parameter(torch.full((3, 1, 1), strength))
        self.unused_size = torch.nn.Parameter(torch.zeros(channels), requires_grad=False)

    def expose(self, image: Tensor, ev: Tensor) -> Tensor:
        gain = torch.exp2(ev / 2.2)[:, None, None, None]
        return (image[:, None] * gain * self.weight).clamp(0, 1)

    def reconstruct(self, batch: Sample) -> Tensor:
        return source_of(batch) ** 2.2

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        loss = (source_of(batch) * self.weight - source_of(batch)).square().mean()
        self.log("train/loss", loss, batch_size=len(batch["ldr"]))
        return loss


class OtherToy(ToyMethod):
    """The same under another name, to see what a checkpoint carries over."""


class ToyExpansion(HDRModule):
    """One photograph to radiance, without exposures: a gain for each channel of the linearised image."""

    generates = False

    def __init__(self, optimizer: OptimizerCallable = lambda p: torch.optim.Adam(p, lr=0.01)) -> None:
        super().__init__(optimizer)
        self.save_hyperparameters(ignore=["optimizer"])
        self.gain = torch.nn.Parameter(torch.tensor([0.5, 1.0, 1.5]).view(3, 1, 1))

    def expand(self, image: Tensor) -> Tensor:
        return self.gain * image**2.2

    def training_step(self, batch: Sample, batch_idx: int) -> Tensor:
        loss = (self.expand(source_of(batch)) - batch["hdr"]).abs().mean()
        self.log("train/loss", loss, batch_size=len(batch["ldr"]))
        return loss


class ToyScenes(StackDataset):
    """Three exposures of a coloured ramp.

    Args:
        count: Number of scenes.
        size: Height and width in pixels.
        prefix: Start of the scenes' names.
    """

    def __init__(self, count: int = 4, size: int = 16, prefix: str = "toy") -> None:
        self.count = count
        self.size = size
        self.prefix = prefix

    def __len__(self) -> int:
        return self.count

    def scene(self, index: int) -> str:
        return f"{self.prefix}{index}"

    def exposures(self, index: int) -> Tensor:
        return torch.tensor([-1.0, 0.0, 1.0])

    def reference(self, index: int) -> int:
        return 1

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        ramp = torch.linspace(0.01, 1, self.size).expand(self.size, self.size)
        radiance = torch.stack([ramp, ramp.T, ramp / (index + 1)])
        ev = self.exposures(index)[list(frames)]
        ldr = (radiance * torch.exp2(ev)[:, None, None, None]).clamp(0, 1) ** (1 / 2.2)
        return {"ldr": ldr, "ev": ev, "ref": torch.tensor(1), "hdr": radiance, "scene": self.scene(index)}


class Faulty(ToyScenes):
    """Made by a programmer's mistake."""

    def __init__(self) -> None:
        raise ValueError("a mistake of ours")


class RankWeights(Callback):
    """Writes down each rank's weights and scenes, to compare them."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)
        self.scenes: list[str] = []

    def on_train_batch_start(self, trainer: Trainer, pl_module: ToyMethod, batch: Sample, batch_idx: int) -> None:
        self.scenes += batch["scene"]

    def on_train_end(self, trainer: Trainer, pl_module: ToyMethod) -> None:
        self.folder.mkdir(exist_ok=True)
        content = {"weight": pl_module.weight.detach(), "scenes": self.scenes}
        torch.save(content, self.folder / f"rank{trainer.global_rank}.pt")


class SuddenDeath(Callback):
    """Kills the second process at the second batch of an epoch, or of a test, as happens without memory.

    Args:
        epoch: Number of the epoch.
    """

    def __init__(self, epoch: int = 0) -> None:
        self.epoch = epoch

    def on_train_batch_start(self, trainer: Trainer, pl_module: ToyMethod, batch: Sample, batch_idx: int) -> None:
        if trainer.global_rank == 1 and batch_idx == 1 and trainer.current_epoch == self.epoch:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_test_batch_start(
        self, trainer: Trainer, pl_module: ToyMethod, batch: Sample, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        if trainer.global_rank == 1 and batch_idx == 1:
            os.kill(os.getpid(), signal.SIGKILL)


class WaitsForTheEnd(Callback):
    """In a job's first start, waits in the second epoch until the process is ended, as in a long training."""

    def on_train_batch_end(self, trainer: Trainer, *_: object) -> None:
        if trainer.current_epoch == 1 and os.environ["SLURM_RESTART_COUNT"] == "0":
            Path("waits").touch()
            time.sleep(600)


class FatalScenes(ToyScenes):
    """Scenes of which the third kills the process that loads it."""

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        if index == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(index, frames, generator=generator)

"""Time of a training step of every method at its paper's width and image size, and images per second on a GPU.

Each method trains on one generated scene again and again, in a process of its own: a first step that is not counted,
then those that are. Losses on VGG's features are left out, so that no weights are needed; they make steps longer.
Without a GPU, seconds are those of the processor: with OMP_NUM_THREADS=1 another program beside it changes them little.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch.utils.data import DataLoader

from benchmarks.shared.environment import print_environment
from hdrgen.data import ProceduralScenes, SelectedExposures, StackCamera, collate
from hdrgen.methods import CEVR, HDRGAN, AdaptiveITM, DeepSynthHDRI, HDRModule, MultiExposureGeneration

Maker = Callable[[], HDRModule]
PAPER: dict[str, tuple[Maker, int]] = {
    "MultiExposureGeneration": (lambda: MultiExposureGeneration(perceptual_weight=0.0), 256),
    "CEVR": (lambda: CEVR(pretrained=False), 256),
    "AdaptiveITM": (lambda: AdaptiveITM(perceptual_weight=0.0), 384),
    "HDRGAN": (HDRGAN, 512),
    "DeepSynthHDRI": (lambda: DeepSynthHDRI(perceptual_weight=0.0, refinement_start=0), 256),
}
EVS = tuple(float(ev) for ev in range(-3, 4))


GPU = torch.cuda.is_available()


class Clock(Callback):
    """Seconds of each step, of the clock where there is a GPU, else of the processor."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.start = 0.0
        self.now = time.perf_counter if GPU else time.process_time

    def on_train_batch_start(self, *_: Any) -> None:
        """Start to count."""
        self.start = self.now()

    def on_train_batch_end(self, *_: Any) -> None:
        """Wait for the device, and stop."""
        if GPU:
            torch.cuda.synchronize()
        self.seconds.append(self.now() - self.start)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("methods", nargs="*", choices=[[], *PAPER], default=[], help="all if none is named")
    parser.add_argument("--batch", type=int, default=1, help="scenes in a batch (%(default)s)")
    parser.add_argument("--steps", type=int, default=2, help="that are counted (%(default)s)")
    parser.add_argument("--precision", default="32-true", help="as Lightning names it (%(default)s)")
    parser.add_argument("--alone", action="store_true", help="in this process")
    options = parser.parse_args()
    if not options.alone:
        print_environment()
        print(
            "| method | image | batch | seconds a step | scenes a second | peak memory |\n|---|---|---|---|---|---|",
            flush=True,
        )
    for name in options.methods or PAPER:
        if options.alone:
            print(measured(name, options.batch, options.steps, options.precision), flush=True)
            continue
        words = [f"--batch={options.batch}", f"--steps={options.steps}", f"--precision={options.precision}", "--alone"]
        subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "benchmarks.training.training_step", name, *words], check=True
        )
    return 0


def measured(name: str, batch_size: int, steps: int, precision: Any) -> str:
    """A row of the table."""
    make, size = PAPER[name]
    model, clock = make(), Clock()
    scenes = SelectedExposures(ProceduralScenes(batch_size, size, camera=StackCamera(evs=EVS)), model.exposures)
    batch = collate([scenes[index] for index in range(batch_size)])
    trainer = Trainer(
        max_epochs=1,
        precision=precision,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(model, DataLoader([batch] * (steps + 1), batch_size=None))  # type: ignore[arg-type]
    seconds = statistics.median(clock.seconds[1:])
    image = f"{size} x {size}"
    return f"| {name} | {image} | {batch_size} | {seconds:.2f} | {batch_size / seconds:.2f} | {peak_gib():.1f} GiB |"


def peak_gib() -> float:
    """Of the GPU where there is one, else of this process."""
    if GPU:
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    sys.exit(main())

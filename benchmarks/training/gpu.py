"""Step time of every paper's configuration on a GPU: samples a second, share of time waiting for data, peak memory.

Each configuration trains as `hdrgen fit` would, with its network, batch, crop, augmentation and workers, for so many
steps or seconds after one that is not counted; the next batch is waited for as in any training. Its data sets may be
elsewhere, so scenes are rendered: invented ones, or views of the HDR images in a folder. Losses on VGG's features are
left out, so that no weights are needed; they make steps longer. `--device cpu --small` checks the program itself, with
the small configurations.
"""

import argparse
import subprocess
import sys
import time
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer

from benchmarks.shared.environment import print_environment
from benchmarks.training.training_step import peak_gib
from hdrgen import configs
from hdrgen.cli.lightning import HDRCLI

PAPERS = {
    "multi_exposure": (256, ("--model.perceptual_weight=0",)),
    "deep_synth": (256, ("--model.perceptual_weight=0", "--model.refinement_start=0")),
    "cevr": (256, ("--model.pretrained=false",)),
    "adaptive_itm": (512, ("--model.perceptual_weight=0",)),
    "hdr_gan": (512, ()),
}
"""Side of the scenes in pixels, and what needs no weights of VGG."""
HEAD = "| configuration | precision | batch | s a step | samples a second | waiting for data | peak memory |"


class Clock(Callback):
    """Seconds of each step, and of the wait for its batch."""

    def __init__(self, device: str, steps: int, seconds: float) -> None:
        self.device, self.limits = device, (steps, seconds)
        self.steps: list[float] = []
        self.waits: list[float] = []
        self.mark = self.start = time.perf_counter()

    def on_train_batch_start(self, *_: Any) -> None:
        """The batch is there."""
        self.waits.append(self._elapsed())

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """The step is done; the first one is not counted."""
        self.steps.append(self._elapsed())
        if len(self.steps) == 1:
            self.start = self.mark
        steps, seconds = self.limits
        trainer.should_stop = len(self.steps) > steps or (len(self.steps) > 1 and self.mark - self.start > seconds)

    def _elapsed(self) -> float:
        if self.device == "cuda":
            torch.cuda.synchronize()
        before, self.mark = self.mark, time.perf_counter()
        return self.mark - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *PAPERS], default=[], help="configurations (default: all)")
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda", help="where to train (%(default)s)")
    parser.add_argument("--precisions", nargs="+", default=["32-true", "bf16-mixed"], help="as Lightning names them")
    parser.add_argument("--steps", type=int, default=20, help="that are counted, at most (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20, help="for each row, at most (%(default)s)")
    parser.add_argument("--hdri", metavar="FOLDER", help="HDR images to render; without, scenes are invented")
    parser.add_argument("--small", action="store_true", help="the small configurations, at 64 pixels")
    parser.add_argument("--alone", action="store_true", help="one row, in this process")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        print("benchmarks.training.gpu: torch finds no GPU here; nothing was measured")
        return 0
    if options.alone:
        print(row(options.names[0], options), flush=True)
        return 0
    print_environment()
    if options.device == "cuda":
        print(torch.cuda.get_device_name())
    print(f"{HEAD}\n|{'---|' * HEAD.count('|', 1)}", flush=True)
    for name in options.names or PAPERS:
        for precision in options.precisions:  # a process each, or one's peak of memory would be another's
            words = [f"--device={options.device}", f"--steps={options.steps}", f"--seconds={options.seconds}"]
            words += ["--small"] * options.small + [f"--hdri={options.hdri}"] * bool(options.hdri)
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.training.gpu", name, *words, "--alone"]
            done = subprocess.run([*command, "--precisions", precision], capture_output=True, text=True, check=False)
            reason = (done.stderr.strip().splitlines() or [""])[-1][:100]
            print(
                done.stdout.strip().splitlines()[-1] if not done.returncode else f"| {name} | {precision} | {reason} |"
            )
    return 0


def row(name: str, options: argparse.Namespace) -> str:
    """A row of the table."""
    clock = Clock(options.device, options.steps, options.seconds)
    cli = HDRCLI([*arguments(name, options), f"--trainer.precision={options.precisions[0]}"], run=False)
    cli.trainer.callbacks = [clock]  # type: ignore[attr-defined]  # no checkpoints, no pictures
    cli.trainer.fit(cli.model, cli.datamodule)
    batch = cli.datamodule.batch_size
    steps, waits = clock.steps[1:], clock.waits[1:]
    total = sum(steps) + sum(waits)
    numbers = f"{sum(steps) / len(steps):.3f} | {batch * len(steps) / total:.1f} | {100 * sum(waits) / total:.0f} %"
    return f"| {name} | {options.precisions[0]} | {batch} | {numbers} | {peak_gib():.1f} GiB |"


def arguments(name: str, options: argparse.Namespace) -> list[str]:
    """The command line of a training on scenes that are rendered."""
    size, without_weights = PAPERS[name]
    config = f"{name}_small" if options.small else name
    moving = name == "hdr_gan"
    scenes = "--data.train.stacks" if moving else "--data.train"
    kind = f"{scenes}=RenderedStacks" if options.hdri else f"{scenes}=ProceduralScenes"
    where = [f"{scenes}.root={options.hdri}", f"{scenes}.views=64"] if options.hdri else [f"{scenes}.count=4096"]
    evs = [] if moving else [f"{scenes}.camera.evs=[-3,-2,-1,0,1,2,3]"]
    side = (64 if options.small else size) + 2 * 16 * moving  # what moves is cut from a larger picture
    words = [f"--config={configs.path_of(config)}", "--data.train=MovingScenes"] if moving else []
    words = words or [f"--config={configs.path_of(config)}"]
    unused = ["--data.val=null", "--data.test=null", "--trainer.max_steps=-1", "--trainer.max_epochs=1"]
    quiet = [f"--trainer.{key}=false" for key in ("enable_progress_bar", "enable_model_summary", "logger")]
    crop = ["--data.augmentation=Augmentation", "--data.augmentation.crop=64"]
    small = ["--data.num_workers=1", "--data.batch_size=2", *crop] if options.small else []
    trainer = [f"--trainer.accelerator={'gpu' if options.device == 'cuda' else 'cpu'}", "--trainer.devices=1"]
    return [*words, kind, *where, f"{scenes}.size={side}", *evs, *without_weights, *unused, *quiet, *small, *trainer]


if __name__ == "__main__":
    sys.exit(main())

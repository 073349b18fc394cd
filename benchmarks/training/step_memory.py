"""Memory of a training step at a paper's width, size and batch, with and without what keeps it low.

Forward and backward pass run on a device without numbers (`meta`), so that no memory is taken and seconds suffice:
every tensor is counted from where it is made until it is freed, and the peak of their sum is printed beside the
parameters. What the optimizer keeps comes on top, for Adam twice the parameters. `whole` keeps the graph of the whole
step, as autograd does unasked; `parts` differentiates each part of CEVR's loss before the next is built
(`hdrgen.methods.immediate`), as its training does; `again` computes activations again besides
(`ActivationCheckpointing`). Of Kim et al., the schedule that makes a whole stack. `--real` trains two steps on the CPU
instead, in a process for each row, and prints what the process took and the losses. Losses on VGG's features are left
out, whose weights may not be here. Prints a Markdown table.
"""

import argparse
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from pytorch_lightning import Callback, Trainer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.data import DataLoader

from benchmarks.shared.environment import print_environment
from benchmarks.training.training_step import EVS, PAPER, peak_gib
from hdrgen.callbacks import ActivationCheckpointing
from hdrgen.data import Batch, ProceduralScenes, SelectedExposures, StackCamera, collate
from hdrgen.methods import DeepSynthHDRI, HDRModule
from hdrgen.methods.cevr import loss, module

WAYS = {"CEVR": ("whole", "parts", "again"), "DeepSynthHDRI": ("whole", "again")}
BATCHES = {"CEVR": 4, "DeepSynthHDRI": 1}
GIB = 2**30


class Live(TorchDispatchMode):
    """Counts the bytes of all tensors that there are at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
        """Run what is called, and note what it makes."""
        result = function(*arguments, **(keywords or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor):
                self.note(each)
        return result

    def note(self, tensor: Tensor) -> None:
        """Count its memory, once, until it is freed."""
        memory = tensor.untyped_storage()
        if id(memory) in self._known:
            return
        self._known.add(id(memory))
        self.now += memory.nbytes()
        self.most = max(self.most, self.now)
        weakref.finalize(memory, self._freed, id(memory), memory.nbytes())

    def _freed(self, name: int, size: int) -> None:
        self._known.discard(name)
        self.now -= size


class Losses(Callback):
    """Those of each step."""

    def __init__(self) -> None:
        self.found: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Note it."""
        self.found.append(float(trainer.callback_metrics["train/loss"]))


def kept(loss: Callable[..., tuple[Tensor, ...]], parameters: object, *tensors: Tensor) -> tuple[Tensor, ...]:
    """The loss with its graph."""
    return loss(*tensors)


def keep_graphs() -> None:
    """Have CEVR train as it would without `hdrgen.methods.immediate`."""
    loss.differentiated = module.differentiated = kept  # type: ignore[assignment,attr-defined]


def scenes_for(model: HDRModule, batch_size: int, size: int) -> Batch:
    """A batch of generated scenes."""
    scenes = SelectedExposures(ProceduralScenes(batch_size, size, camera=StackCamera(evs=EVS)), model.exposures)
    return collate([scenes[index] for index in range(batch_size)])


def counted(name: str, way: str, batch_size: int, size: int) -> str:
    """A row: the parameters, and the peak of a step without numbers."""
    if way == "whole":
        keep_graphs()
    torch.autocast = lambda *_, **__: nullcontext()  # type: ignore[assignment,misc]  # which does not know the device
    with torch.device("meta"):
        model = PAPER[name][0]()
    batch: Any = {
        key: value.to("meta") if torch.is_tensor(value) else value
        for key, value in scenes_for(model, batch_size, size).items()
    }
    model.log = model.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    callback = ActivationCheckpointing()
    if way == "again":
        callback.setup(Trainer(logger=False, enable_checkpointing=False), model, "fit")
    parameters = sum(each.numel() * each.element_size() for each in model.parameters())
    with Live() as live:
        step_of(model, batch).backward()
    row = f"{parameters / GIB:.2f} | {(parameters + live.most) / GIB:.2f}"
    return f"| {name} | {way} | {batch_size} | {size} x {size} | {row} |"


def step_of(model: HDRModule, batch: Batch) -> Tensor:
    """The loss of a step; of Kim et al. from the middle exposure to all others."""
    if isinstance(model, DeepSynthHDRI):
        reach = model.reach
        edges = torch.empty_like(batch["ldr"][:, :, :1])
        terms = model.losses(batch, range(-reach, reach + 1), None, 0, True, edges)
        return torch.stack(list(terms.values())).sum()
    step: Any = model.training_step(batch, 0)
    total: Tensor = step
    return total


def measured(name: str, way: str, batch_size: int, size: int) -> str:
    """A row: processor seconds, the peak of the process, and the losses of two steps."""
    if way == "whole":
        keep_graphs()
    torch.manual_seed(0)
    model, noted = PAPER[name][0](), Losses()
    batch = scenes_for(model, batch_size, size)
    quiet: dict[str, Any] = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False)
    callbacks = [noted, *([ActivationCheckpointing()] if way == "again" else [])]
    trainer = Trainer(max_epochs=1, callbacks=callbacks, enable_model_summary=False, **quiet)
    start = time.process_time()
    trainer.fit(model, DataLoader([batch] * 2, batch_size=None))  # type: ignore[arg-type]
    took, losses = time.process_time() - start, ", ".join(f"{each:.8g}" for each in noted.found)
    return f"| {name} | {way} | {batch_size} | {size} x {size} | {took:.1f} | {peak_gib():.2f} | {losses} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("methods", choices=[[], *WAYS], nargs="*", default=[], help="(all)")
    parser.add_argument("--batch", type=int, help="scenes in a batch (that of the paper)")
    parser.add_argument("--ways", choices=("whole", "parts", "again"), nargs="*", help="(all)")
    parser.add_argument("--size", type=int, default=256, help="side in pixels (%(default)s, the papers')")
    parser.add_argument("--real", action="store_true", help="train on the CPU, which takes the memory")
    parser.add_argument("--alone", metavar="WAY", help="one row, in this process")
    options = parser.parse_args()
    if options.alone:
        row = measured if options.real else counted
        print(row(options.methods[0], options.alone, options.batch, options.size), flush=True)
        return 0
    print_environment()
    columns = "processor seconds | peak, GiB | losses" if options.real else "parameters, GiB | peak of all tensors, GiB"
    head = f"| method | graph | batch | image | {columns} |"
    print(f"{head}\n|{'---|' * (head.count('|') - 1)}", flush=True)
    for name in options.methods or WAYS:
        for way in [way for way in WAYS[name] if way in (options.ways or WAYS[name])]:
            words = [f"--batch={options.batch or BATCHES[name]}", f"--size={options.size}", f"--alone={way}"]
            command = [sys.executable, "-W", "ignore", "-m", "benchmarks.training.step_memory", name, *words]
            subprocess.run([*command, *["--real"] * options.real], check=True, stderr=subprocess.DEVNULL)
    return 0


if __name__ == "__main__":
    sys.exit(main())

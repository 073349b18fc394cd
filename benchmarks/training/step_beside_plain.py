"""A training step beside the same in plain PyTorch, by processor time, alternated in one process.

The plain steps are written as the authors' code has them (`benchmarks/training/plain/`, a file for each method):
contiguous tensors, torch's own modules and optimizers as they are by default, as many passes and updates. Zhang et al.
2023 published no code: theirs is ours with contiguous tensors and Adam as torch has it by default. VGG's trunks have
random weights, so that none are needed.

One step of CEVR is of both its networks, which the authors train in two runs. Kim et al. update the networks after each
of six transitions, and so do both steps; after the recursion the authors go back four times, hdrgen once.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from pytorch_lightning import Trainer
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.shared.environment import print_environment
from benchmarks.training.plain import cevr as plain_cevr
from benchmarks.training.plain import hdr_gan as plain_hdr_gan
from benchmarks.training.plain import kim as plain_kim
from benchmarks.training.plain import le as plain_le
from hdrgen.data import Batch
from hdrgen.losses import PerceptualLoss
from hdrgen.methods import CEVR, HDRGAN, AdaptiveITM, DeepSynthHDRI, HDRModule, MultiExposureGeneration
from hdrgen.methods.deep_synth.network import GLOBAL_CHANNELS, LOCAL_CHANNELS, REFINEMENT_CHANNELS, State
from hdrgen.methods.quick_training import fuse
from hdrgen.nn import VGGFeatures
from hdrgen.tiling import heap_kept

Step = Callable[[], Tensor]
Precision = torch.dtype | None
KIM = [GLOBAL_CHANNELS, LOCAL_CHANNELS, REFINEMENT_CHANNELS]


# -- ours ----------------------------------------------------------------------------------------------------------


def trunk(depth: int, layers: Sequence[str], channels: str) -> PerceptualLoss:
    with TemporaryDirectory() as folder:
        torch.save(VGGFeatures(depth, layers).state_dict(), Path(folder) / "vgg.pth")
        return PerceptualLoss(depth, layers, Path(folder) / "vgg.pth", channels)  # type: ignore[arg-type]


def step_of(model: HDRModule, batch: Batch, quick: bool, precision: torch.dtype | None = None) -> Step:
    """What Lightning does with a batch, without Lightning."""
    model.log = model.log_dict = lambda *_, **__: None  # type: ignore[method-assign]
    if quick and model.channels_last:
        model.to(memory_format=torch.channels_last)
    configured = model.configure_optimizers()
    optimizers = [each["optimizer"] for each in (configured if isinstance(configured, list) else [configured])]
    for optimizer in optimizers if quick else ():
        fuse(optimizer)

    def descend(loss: Tensor, *_: object) -> None:
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()

    model.descend = descend  # type: ignore[method-assign]

    def step() -> Tensor:
        with torch.autocast("cpu", precision) if precision else nullcontext():
            loss = model.training_step(batch, 0)
            if isinstance(loss, Tensor):
                descend(loss)
        return torch.as_tensor(loss if isinstance(loss, Tensor) else 0.0)

    return step


def le(batch: Batch, precision: Precision = None) -> Step:
    def adam(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, lr=1e-4, weight_decay=1e-4)

    model = MultiExposureGeneration(mask_losses=True, optimizer=adam, scheduler=None)
    model.perceptual = trunk(19, ("pool1", "pool2", "pool3"), "sum")
    return step_of(model, two_of(batch), True, precision)


def cevr(batch: Batch, precision: Precision = None) -> Step:
    return step_of(CEVR(pretrained=False, hidden_activation=False, scheduler=None), batch, True, precision)


def zhang(batch: Batch, precision: Precision = None, quick: bool = True) -> Step:
    model = AdaptiveITM()
    model.perceptual = trunk(16, ("pool3", "pool4", "pool5"), "mean")
    if not quick:
        model.perceptual._trunk[0].to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return step_of(model, batch, quick, precision)


def hdr_gan(batch: Batch, precision: Precision = None) -> Step:
    model = HDRGAN(clip_value=1.0, tone_mapped_input=True, linear_output=False, scheduler=None)
    return step_of(model, batch, True, precision)


def kim(batch: Batch, precision: Precision = None, apart: bool = False) -> Step:
    """With a fit of one step before, since the method asks its trainer for the optimizer."""
    model = kim_model(apart)
    model._starts = lambda levels: (0, 0)  # type: ignore[method-assign]
    trainer = Trainer(
        max_steps=1, max_epochs=-1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accelerator="cpu",
    )  # fmt: skip
    trainer.fit(model, DataLoader([batch], batch_size=None))  # type: ignore[arg-type]
    model.log = model.log_dict = lambda *_, **__: None  # type: ignore[method-assign]

    def step() -> Tensor:
        with torch.autocast("cpu", precision) if precision else nullcontext():
            model.training_step(batch, 0)
        return torch.zeros(())

    return step


def kim_model(apart: bool = False) -> DeepSynthHDRI:
    """All networks take part, and nothing needs VGG's weights."""
    ends: Any = "hdr" if apart else True
    return DeepSynthHDRI(*KIM, perceptual_weight=0.0, refinement_start=0, end_to_end=ends)


def kim_networks(batch: Batch, plain: bool) -> Step:
    """Three transitions upwards, each from what the one before made, and back: networks without losses and updates."""
    direction = plain_kim.PlainDirection(*KIM) if plain else kim_model().network.up

    def step() -> Tensor:
        image, edges, state = batch["ldr"][:, 3], torch.zeros_like(batch["ldr"][:, 3, :1]), State()
        for style in range(3, 6):
            made = direction(image, edges, state, style)
            image, edges, state = made.image, made.edges, made.state
        direction.zero_grad()
        (image.mean() + edges.mean()).backward()
        return image.detach()

    return step


# -- side by side --------------------------------------------------------------------------------------------------

PLAIN: dict[str, Callable[[Batch], Step]] = {
    "le": lambda batch: plain_le.step_of(two_of(batch)),
    "cevr": plain_cevr.step_of,
    "zhang": lambda batch: zhang(batch, quick=False),
    "hdr_gan": plain_hdr_gan.step_of,
    "kim": lambda batch: plain_kim.step_of(batch, kim_model().terms, KIM),
}
OURS: dict[str, Callable[..., Step]] = {"le": le, "cevr": cevr, "zhang": zhang, "hdr_gan": hdr_gan, "kim": kim}
SIZES = {"le": 256, "cevr": 256, "zhang": 384, "hdr_gan": 512, "kim": 128}


def batch_of(scenes: int, size: int, exposures: int = 3) -> Batch:
    """Exposures of noise around the reference, two stops apart."""
    generator = torch.Generator().manual_seed(0)
    hdr = 2 * torch.rand(scenes, 3, size, size, generator=generator)
    reach = exposures // 2
    ev = torch.arange(-reach, reach + 1.0).mul(2 if reach == 1 else 1).expand(scenes, exposures)
    ldr = (hdr[:, None] * ev.exp2()[..., None, None, None]).clamp(0, 1) ** (1 / 2.2)
    ref = torch.full((scenes,), reach)
    labels = {"ref": ref, "optimal": torch.tensor([[0, 2]]).expand(scenes, 2)}
    return {"ldr": ldr, "ev": ev, "hdr": hdr, "scene": [str(index) for index in range(scenes)], **labels}


def two_of(batch: Batch) -> Batch:
    """The brighter two exposures, of which Le et al. make one from the other."""
    return batch | {"ldr": batch["ldr"][:, 1:], "ev": batch["ev"][:, 1:]}


def seconds(step: Step) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=OURS)
    parser.add_argument("--batch", type=int, default=1, help="scenes in a batch (%(default)s)")
    parser.add_argument("--size", type=int, help="side of the images in pixels (the paper's; of Kim et al. 128)")
    parser.add_argument("--repeats", type=int, default=5, help="of each step (%(default)s)")
    parser.add_argument("--narrow", type=int, default=1, help="Kim et al.: widths divided by this (%(default)s)")
    parser.add_argument("--apart", action="store_true", help="Kim et al.: ours with a backward pass for each loss")
    parser.add_argument("--networks", action="store_true", help="Kim et al.: the networks of one direction alone")
    parser.add_argument("--bf16", action="store_true", help="ours in bfloat16 as well")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print_environment()
    batch = batch_of(options.batch, options.size or SIZES[options.method], 7 if options.method == "kim" else 3)
    KIM[:] = [tuple(width // options.narrow for width in widths) for widths in KIM]
    ours = partial(kim, apart=True) if options.apart else OURS[options.method]
    plain = PLAIN[options.method]
    if options.networks:
        ours, plain = (partial(kim_networks, plain=each) for each in (False, True))
    quick = {"ours": ours(batch)} | ({"ours, bfloat16": ours(batch, torch.bfloat16)} if options.bf16 else {})
    beside = plain(batch)
    times: dict[str, list[float]] = {name: [] for name in ("plain", *quick)}
    for turn in range(options.repeats + 1):
        times["plain"].append(seconds(beside))
        with heap_kept():
            for name, step in quick.items():
                step()  # takes the memory that the next one finds
                times[name].append(seconds(step))
        if turn == 0:
            times = {name: [] for name in times}
    medians = {name: statistics.median(each) for name, each in times.items()}
    print("| step | processor seconds, median | lowest | times as fast |\n|---|---|---|---|")
    for name, each in times.items():
        print(f"| {name} | {medians[name]:.2f} | {min(each):.2f} | {medians['plain'] / medians[name]:.2f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A training step beside the same in plain PyTorch, by processor time, alternated in one process.

For Le et al. 2023 the plain step is written as its authors' is: contiguous tensors, torch's Mish, the whole trunk of
VGG-19 for three of its poolings, AdamW as torch has it by default. For Zhang et al. 2023, who published no code, it is
ours with contiguous tensors and Adam as torch has it by default. Trunks have random weights, so that none are needed.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.shared.environment import print_environment
from hdrgen.camera import well_exposed_mask
from hdrgen.data import Batch
from hdrgen.losses import PerceptualLoss
from hdrgen.methods import AdaptiveITM, HDRModule, MultiExposureGeneration
from hdrgen.methods.quick_training import fuse
from hdrgen.nn import VGGFeatures
from hdrgen.tiling import heap_kept

Step = Callable[[], Tensor]
ENCODER = (16, 32, 64, 128, 256, 256, 256)
EXPOSURE = (32, 64, 128, 256, 512, 512, 512)
VGG_19 = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1), torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)


# -- Le et al. in plain PyTorch ------------------------------------------------------------------------------------


def block(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.Mish()]
    return nn.Sequential(*layers)


def enlarging(channels: int) -> nn.Sequential:
    norm = nn.BatchNorm2d(4 * channels)
    return nn.Sequential(nn.Conv2d(channels, 4 * channels, 1, bias=False), norm, nn.Mish(), nn.PixelShuffle(2))


class PlainUNet(nn.Module):
    """Seven levels and a head, which sees the input too if `joined`."""

    def __init__(self, widths: Sequence[int], joined: bool) -> None:
        super().__init__()
        self.down = nn.ModuleList(block(i, o) for i, o in zip((3, *widths[:-1]), widths, strict=True))
        skips = list(widths[-2::-1])
        outs = [*skips[1:], widths[0]]
        ups = [widths[-1], *outs[:-1]]
        self.enlarge = nn.ModuleList(map(enlarging, ups))
        self.up = nn.ModuleList(block(u + s, o) for u, s, o in zip(ups, skips, outs, strict=True))
        self.head = nn.Conv2d(widths[0] + 3 * joined, 3, 1)
        self.joined = joined

    def forward(self, image: Tensor) -> Tensor:
        """From -1 to 1."""
        features, skips = image, []
        for level, layers in enumerate(self.down):
            features = layers(F.max_pool2d(features, 2) if level else features)
            skips.append(features)
        skips.pop()
        for enlarge, layers in zip(self.enlarge, self.up, strict=True):
            features = layers(torch.cat([skips.pop(), enlarge(features)], 1))
        return torch.tanh(self.head(torch.cat([image, features], 1) if self.joined else features))


class WholeTrunk(nn.Module):
    """Differences of three poolings of VGG-19, all of which is run, as piq's ContentLoss does."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self.taps: list[int] = []
        channels = 3
        for count, width in VGG_19:
            for _ in range(count):
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
            self.taps.append(len(layers) - 1)
        self.layers = nn.Sequential(*layers).requires_grad_(False)

    def maps(self, image: Tensor) -> list[Tensor]:
        """Of the first three poolings."""
        features, found = (image - MEAN) / STD, []
        for index, layer in enumerate(self.layers):
            features = layer(features)
            found += [features] if index in self.taps[:3] else []
        return found

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """Averaged over pixels and batch, summed over channels."""
        pairs = zip(self.maps(image), self.maps(target), strict=True)
        return torch.cat([F.l1_loss(a, b, reduction="none").mean((2, 3)) for a, b in pairs], 1).sum(1).mean()


def variation(image: Tensor) -> Tensor:
    across = (image[..., 1:] - image[..., :-1]).abs().sum((1, 2, 3))
    return (across + (image[..., 1:, :] - image[..., :-1, :]).abs().sum((1, 2, 3))).mean()


def plain_le(batch: Batch) -> Step:
    dark, bright = (image.contiguous() for image in batch["ldr"].unbind(1))
    ratio = (batch["ev"][:, 1] - batch["ev"][:, 0]).exp2().view(-1, 1, 1, 1)
    encode, up, down = PlainUNet(ENCODER, False), PlainUNet(EXPOSURE, True), PlainUNet(EXPOSURE, True)
    content = WholeTrunk()
    optimizer = torch.optim.AdamW([p for net in (encode, up, down) for p in net.parameters()], 1e-4, weight_decay=1e-4)

    def image_terms(made: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        pixels = 100 * ((made - target).abs() * mask).mean()
        return pixels + 1e-5 * variation(made) + 0.1 * content(made * mask, target * mask)

    def step() -> Tensor:
        masks = well_exposed_mask(dark), well_exposed_mask(bright)
        first, second = (
            (image + encode(image * mask)).relu() for image, mask in zip((dark, bright), masks, strict=True)
        )
        brighter, darker = (0.5 * net(x) + 0.5 for net, x in ((up, first * ratio), (down, second / ratio)))
        ends = [((first * ratio + 1 / 255).log(), (second + 1 / 255).log())]
        ends.append(((second / ratio + 1 / 255).log(), (first + 1 / 255).log()))
        loss = sum((F.l1_loss(*pair) for pair in ends), start=torch.zeros(()))
        loss = loss + image_terms(brighter, bright, masks[1]) + image_terms(darker, dark, masks[0])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss

    return step


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


def le(batch: Batch, precision: torch.dtype | None = None) -> Step:
    def adam(parameters: Any) -> torch.optim.Optimizer:
        return torch.optim.AdamW(parameters, lr=1e-4, weight_decay=1e-4)

    model = MultiExposureGeneration(mask_losses=True, optimizer=adam, scheduler=None)
    model.perceptual = trunk(19, ("pool1", "pool2", "pool3"), "sum")
    return step_of(model, batch, True, precision)


def plain_zhang(batch: Batch) -> Step:
    return zhang(batch, quick=False)


def zhang(batch: Batch, precision: torch.dtype | None = None, quick: bool = True) -> Step:
    model = AdaptiveITM()
    model.perceptual = trunk(16, ("pool3", "pool4", "pool5"), "mean")
    if not quick:
        model.perceptual._trunk[0].to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return step_of(model, batch, quick, precision)


# -- side by side --------------------------------------------------------------------------------------------------

METHODS = {"le": (plain_le, le, 256), "zhang": (plain_zhang, zhang, 384)}


def batch_of(scenes: int, size: int) -> Batch:
    """Three exposures of noise for Zhang et al., of which Le et al. take two."""
    generator = torch.Generator().manual_seed(0)
    hdr = 2 * torch.rand(scenes, 3, size, size, generator=generator)
    ev = torch.tensor([-2.0, 0.0, 2.0]).expand(scenes, 3)
    ldr = (hdr[:, None] * ev.exp2()[..., None, None, None]).clamp(0, 1) ** (1 / 2.2)
    labels = {"ref": torch.ones(scenes, dtype=torch.long), "optimal": torch.tensor([[0, 2]]).expand(scenes, 2)}
    return {"ldr": ldr, "ev": ev, "hdr": hdr, "scene": [str(index) for index in range(scenes)], **labels}


def seconds(step: Step) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("--batch", type=int, default=1, help="scenes in a batch (%(default)s)")
    parser.add_argument("--size", type=int, help="side of the images in pixels (the paper's)")
    parser.add_argument("--repeats", type=int, default=5, help="of each step (%(default)s)")
    parser.add_argument("--bf16", action="store_true", help="ours in bfloat16 as well")
    options = parser.parse_args()
    print_environment()
    plain, ours, size = METHODS[options.method]
    batch = batch_of(options.batch, options.size or size)
    if options.method == "le":
        batch |= {"ldr": batch["ldr"][:, 1:], "ev": batch["ev"][:, 1:]}
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

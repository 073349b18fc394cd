"""A training step of CEVR (Chen et al. 2023) in plain PyTorch, as the authors' is: three whole passes of the network.

The reconstruction, the first and the second half of the cycle each run encoder and decoder; the implicit modules are
linear layers over pixels; the maps of the coarse scales are convolved at the size of the image. The authors train a
network for darker and one for brighter exposures in two runs: a step here is one of each, as hdrgen's is.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.data import Batch


class PixelMLP(nn.Module):
    """Linear layers over the features of a pixel and the step, LeakyReLU after the last."""

    def __init__(self, *widths: int) -> None:
        super().__init__()
        inputs = [widths[0] + 1, *widths[1:-1]]
        layers = [nn.Linear(i, o) for i, o in zip(inputs, widths[1:], strict=True)]
        self.layers = nn.Sequential(*layers, nn.LeakyReLU())

    def forward(self, features: Tensor, step: Tensor) -> Tensor:
        """Of features `(B, C, H, W)` and steps `(B,)` in stops."""
        pixels = features.permute(0, 2, 3, 1)
        plane = step.view(-1, 1, 1, 1).repeat(1, *pixels.shape[1:3], 1)
        made: Tensor = self.layers(torch.cat([pixels, plane], -1))
        return made.permute(0, 3, 1, 2)


class Decoder(nn.Module):
    """Doubles the size, and merges the skip connection."""

    def __init__(self, below: int, width: int) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2, mode="bicubic")
        self.convolve = nn.Conv2d(below, width, 3, padding=1)
        self.merge = PixelMLP(2 * width, width)
        self.norm = nn.GroupNorm(2, width, affine=False)
        self.first, self.second = (PixelMLP(width, width // 2, width // 2, width) for _ in range(2))

    def forward(self, features: Tensor, skip: Tensor, step: Tensor) -> Tensor:
        """Of coarser features, those of the encoder, and steps."""
        merged: Tensor = self.merge(torch.cat([self.convolve(self.up(features)), skip], 1), step)
        normed = self.norm(merged.clone())
        stepped: Tensor = self.second(self.first(normed, step), step)
        return stepped + merged


def encoding(inputs: int, width: int, count: int, pooled: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.MaxPool2d(2)] if pooled else []
    for channels in (inputs, *[width] * (count - 1)):
        layers += [nn.Conv2d(channels, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class PlainNetwork(nn.Module):
    """VGG-16's first three blocks, and a decoder that is told the step."""

    def __init__(self, widths: Sequence[int] = (64, 128, 256)) -> None:
        super().__init__()
        fine, middle, coarse = widths
        self.encoders = nn.ModuleList(
            [encoding(3, fine, 2, False), encoding(fine, middle, 2, True), encoding(middle, coarse, 3, True)]
        )
        self.pool, self.norm = nn.MaxPool2d(2), nn.GroupNorm(2, coarse, affine=False)
        self.neck = PixelMLP(*[coarse] * 4)
        self.decoders = nn.ModuleList([Decoder(coarse, coarse), Decoder(coarse, middle), Decoder(middle, fine)])
        self.enlarge = nn.ModuleList(nn.Upsample(scale_factor=factor, mode="bicubic") for factor in (4, 2))
        self.scales, self.shifts = (
            nn.ModuleList([nn.Conv2d(coarse, 1, 3, padding=1), nn.Conv2d(middle, 1, 3, padding=1)]) for _ in range(2)
        )
        self.scale, self.shift = (nn.Conv2d(fine + 1, 1, 1) for _ in range(2))

    def forward(self, image: Tensor, step: Tensor) -> Tensor:
        """The image a step in stops further."""
        skips = []
        features = image.clone()
        for encoder in self.encoders:
            features = encoder(features)
            skips.append(features)
        deepest = self.pool(features)
        features = self.neck(self.norm(deepest.clone()), step) + deepest
        levels = []
        for decoder, skip in zip(self.decoders, reversed(skips), strict=True):
            features = decoder(features, skip, step)
            levels.append(features)
        made = image
        for enlarge, scale, shift, level in zip(self.enlarge, self.scales, self.shifts, levels[:2], strict=True):
            large = enlarge(level)
            made = scale(large) * made + shift(large)
        plane = step.view(-1, 1, 1, 1).repeat(1, 1, *image.shape[-2:])
        last = torch.cat([levels[-1], plane], 1)
        return self.scale(last) * made + self.shift(last)


def step_of(batch: Batch) -> Callable[[], Tensor]:
    """A step of the darker and one of the brighter network, on three exposures of each scene."""
    dark, image, bright = (each.contiguous() for each in batch["ldr"].unbind(1))
    steps = batch["ev"] - batch["ev"][:, 1:2]
    networks = [PlainNetwork(), PlainNetwork()]
    optimizers = [torch.optim.Adam(network.parameters(), lr=2e-4) for network in networks]

    def step() -> Tensor:
        for network, optimizer, target, ev in zip(networks, optimizers, (dark, bright), steps[:, ::2].T, strict=True):
            optimizer.zero_grad()
            loss = F.l1_loss(network(image, ev), target, reduction="sum")
            between = network(image, ev / 2)
            loss = loss + 0.1 * F.l1_loss(network(between, ev / 2), target, reduction="sum")
            loss.backward()
            optimizer.step()
        return loss

    return step

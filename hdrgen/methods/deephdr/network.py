"""The network of Wu et al. 2018, with the widths of their public code."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.methods.frames import FRAMES
from hdrgen.nn import convolved

CHANNELS = (64, 128, 256)
"""Of the maps at a half, a quarter and an eighth of the size."""
BLOCKS = 9
SLOPE = 0.2


def reflected(features: Tensor, before: int, after: int) -> Tensor:
    """The map with mirrored borders, left and top `before`, right and bottom `after` wide."""
    return F.pad(features, (before, after, before, after), mode="reflect")


def norm(channels: int) -> nn.BatchNorm2d:
    """Batch normalisation with the authors' constants."""
    return nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)


class Down(nn.Module):
    """A convolution 5 x 5 to half the size, with mirrored borders; normalised or not."""

    def __init__(self, inputs: int, outputs: int, normalised: bool = True) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 5, stride=2)
        self.norm = norm(outputs) if normalised else nn.Identity()

    def forward(self, features: Tensor) -> Tensor:
        """`(B, C, H, W)` to `(B, D, H / 2, W / 2)`."""
        return convolved(self.convolution, self.norm, reflected(features, 1, 2))


class Up(nn.Module):
    """A ReLU, a transposed convolution 5 x 5 to twice the size, and batch normalisation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.convolution = nn.ConvTranspose2d(inputs, outputs, 5, stride=2)
        self.norm = norm(outputs)

    def forward(self, features: Tensor) -> Tensor:
        """`(B, C, H, W)` to `(B, D, 2 H, 2 W)`; of what reaches beyond, a row before and two after are cut."""
        doubled: Tensor = self.norm(self.convolution(torch.relu(features))[..., 1:-2, 1:-2])
        return doubled


class Residual(nn.Module):
    """Two convolutions with mirrored borders around a shortcut, which starts after the ReLU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = (nn.Conv2d(channels, channels, 3) for _ in range(2))
        self.norms = nn.ModuleList(norm(channels) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        """Run the block on `(B, C, H, W)`."""
        features = torch.relu(features)
        inner = torch.relu(convolved(self.first, self.norms[0], reflected(features, 1, 1)))
        return features + convolved(self.second, self.norms[1], reflected(inner, 1, 1))


class Encoder(nn.Module):
    """A frame to its maps at a half and at a quarter of the size."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.first = Down(6, channels[0], normalised=False)
        self.second = Down(channels[0], channels[1])

    def forward(self, frame: Tensor) -> tuple[Tensor, Tensor]:
        """Both maps, before any activation."""
        half = self.first(frame)
        return half, self.second(F.leaky_relu(half, SLOPE))


class DeepHDRNetwork(nn.Module):
    """Three exposures to radiance, as a translation of images: encoders, a merger, residual blocks, a decoder.

    Args:
        channels: Of the maps at a half, a quarter and an eighth of the size.
        blocks: Residual blocks at an eighth.
        zero_head: Whether the last convolution begins at 0.
    """

    multiple = 8
    smallest = 16

    def __init__(self, channels: Sequence[int] = CHANNELS, blocks: int = BLOCKS, zero_head: bool = False) -> None:
        super().__init__()
        half, quarter, eighth = channels
        self.encoders = nn.ModuleList(Encoder(channels) for _ in range(FRAMES))
        self.merge = Down(FRAMES * quarter, eighth)
        self.blocks = nn.Sequential(*(Residual(eighth) for _ in range(blocks)))
        self.ups = nn.ModuleList(
            [Up(2 * eighth, quarter), Up((FRAMES + 1) * quarter, half), Up((FRAMES + 1) * half, half)]
        )
        self.head = nn.Conv2d(half, 3, 5)
        if zero_head:
            for parameter in self.head.parameters():
                nn.init.zeros_(parameter)

    def forward(self, exposures: Tensor, start: Tensor | None = None) -> Tensor:
        """Merge.

        Args:
            exposures: `(B, 3, 6, H, W)` in [-1, 1], dark to bright, each its display values and the radiance that they
                show; both sides divide by 8, and are at least 16.
            start: `(B, 3, H, W)`, added before the tanh; None adds nothing.

        Returns:
            Radiance `(B, 3, H, W)`, in [-1, 1] too.
        """
        halves, quarters = zip(*(e(f) for e, f in zip(self.encoders, exposures.unbind(1), strict=True)), strict=True)
        merged = self.merge(F.leaky_relu(torch.cat(quarters, 1), SLOPE))
        features = self.blocks(merged)
        for up, beside in zip(self.ups, ((merged,), quarters, halves), strict=True):
            features = up(torch.cat([features, *beside], 1))
        image: Tensor = self.head(reflected(torch.relu(features), 2, 2)).float()
        return torch.tanh(image if start is None else image + start)

"""The network of Liu et al. 2020 that estimates the inverse response of a photograph's camera."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.camera import Sigmoid, inverse_emor
from hdrgen.data import RESPONSE_LEVELS
from hdrgen.nn import FoldedSequential, convolved

COEFFICIENTS = 11
"""Of the curve."""
BINS = (4, 8, 16)
"""Intervals of the soft histograms."""
FEATURES = 3 + 6 + 3 * sum(bins + 1 for bins in BINS)
"""Of a pixel: its values, their slopes, and how near they are to the ends of the intervals."""
EPSILON = 1e-3
"""Of the normalisations, as TensorFlow has it."""


class LinearisationNetwork(nn.Module):
    r"""Estimates coefficients w; the inverse response is :math:`g_0 + \sum_k w_k h_k`, made to rise.

    Args:
        width: Of the first convolution; the blocks have 4 and 8 times as many channels.
        basis: Grossberg and Nayar's file `invemor.txt`. None takes the mean of HDRCNN's sigmoids and waves that vanish
            at black and white. The curves become part of the weights.
    """

    mean: Tensor
    basis: Tensor

    def __init__(self, width: int = 64, basis: str | Path | None = None) -> None:
        super().__init__()
        self.first = nn.Conv2d(FEATURES, width, 7, 2)
        self.norm = nn.BatchNorm2d(width, EPSILON)
        blocks = [Bottleneck(width, width, 4 * width), *(Bottleneck(4 * width, width, 4 * width) for _ in range(2))]
        blocks += [Bottleneck(4 * width, 2 * width, 8 * width, 2), Bottleneck(8 * width, 2 * width, 8 * width)]
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(8 * width, COEFFICIENTS)
        mean, curves = inverse_emor(basis, COEFFICIENTS) if basis is not None else _waves()
        self.register_buffer("mean", mean)
        self.register_buffer("basis", curves)

    def forward(self, image: Tensor) -> Tensor:
        """The inverse response `(B, 1024)` at uniform display levels, of photographs `(B, 3, H, W)`."""
        return self.curve(self.coefficients(image))

    def coefficients(self, image: Tensor) -> Tensor:
        """W `(B, 11)`."""
        features = convolved(self.first, self.norm, _padded(features_of(image), 7, 2, 0.0)).relu()
        pooled = functional.max_pool2d(_padded(features, 3, 2, -torch.inf), 3, 2)
        coefficients: Tensor = self.head(self.blocks(pooled).mean((-2, -1)))
        return coefficients

    def curve(self, coefficients: Tensor) -> Tensor:
        """The curve `(B, 1024)` of coefficients `(B, 11)`, from 0 to 1: what falls is lifted until nothing does."""
        with torch.autocast(coefficients.device.type, enabled=False):
            steps = (self.mean + coefficients.to(self.mean) @ self.basis).diff()
            steps = steps + (-steps.amin(-1, keepdim=True)).relu()
            rising = (steps / steps.sum(-1, keepdim=True)).cumsum(-1)
        return torch.cat([torch.zeros_like(rising[:, :1]), rising[:, :-1], torch.ones_like(rising[:, :1])], -1)


class Bottleneck(nn.Module):
    """Three convolutions, 1, 3 and 1 pixels wide, added to the input; a stride is the first one's."""

    def __init__(self, in_channels: int, middle: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.layers = FoldedSequential(
            *_normalised(in_channels, middle, 1, stride),
            nn.ReLU(),
            *_normalised(middle, middle, 3),
            nn.ReLU(),
            *_normalised(middle, out_channels, 1),
        )
        same = in_channels == out_channels and stride == 1
        self.projection = (
            nn.Identity() if same else FoldedSequential(*_normalised(in_channels, out_channels, 1, stride))
        )

    def forward(self, features: Tensor) -> Tensor:
        """Run the block."""
        added: Tensor = self.layers(features) + self.projection(features)
        return added.relu()


def features_of(image: Tensor) -> Tensor:
    """What the network sees of `image` `(B, 3, H, W)`: `(B, 102, H, W)`."""
    return torch.cat([image, slopes_of(image), *(soft_intervals(image, bins) for bins in BINS)], 1)


def slopes_of(image: Tensor) -> Tensor:
    """Sobel's slopes `(B, 6, H, W)`, downwards and to the right of each channel, mirrored at the border."""
    smooth, step = torch.tensor([1.0, 2.0, 1.0]).to(image), torch.tensor([-1.0, 0.0, 1.0]).to(image)
    kernels = torch.stack([step[:, None] * smooth, smooth[:, None] * step])[:, None].repeat(3, 1, 1, 1)
    return functional.conv2d(functional.pad(image, (1, 1, 1, 1), mode="reflect"), kernels, groups=3)


def soft_intervals(image: Tensor, bins: int) -> Tensor:
    """How near values are to 0, 1/bins, ..., 1: `(B, 3 (bins + 1), H, W)`, 1 there and 0 an interval away."""
    return torch.cat([(1 - bins * (image - end / bins).abs()).relu() for end in range(bins + 1)], 1)


def _waves() -> tuple[Tensor, Tensor]:
    levels = torch.linspace(0, 1, RESPONSE_LEVELS)
    orders = torch.arange(1, COEFFICIENTS + 1)[:, None]
    return Sigmoid().inverse(levels), torch.sin(torch.pi * orders * levels) / (10 * orders)


def _normalised(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> Sequence[nn.Module]:
    convolution = nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(out_channels, EPSILON)


def _padded(features: Tensor, kernel: int, stride: int, value: float) -> Tensor:
    """Padded as TensorFlow does it, with the odd row and column at the end."""
    sides = []
    for length in (features.shape[-1], features.shape[-2]):
        total = max(kernel - stride if length % stride == 0 else kernel - length % stride, 0)
        sides += [total // 2, total - total // 2]
    return functional.pad(features, sides, value=value)

"""LHDR's network: a tone curve of the whole photograph, then detail, and a base that clipped pixels are kept out of."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.methods.lhdr.blocks import PartialBlocks, TransformedBlocks, act, conv, halved
from hdrgen.tiling import mean_of_whole

CLIPPED = 0.9
"""Display value from which on a pixel passes into what clipping hid; 1 is all clipped."""
TRUSTED = 0.1
"""Largest part of that which a pixel may be clipped and still be trusted wholly, counted from all clipped."""
QUARTER = 0.25


class Statistics(nn.Module):
    """A vector `(B, channels)` of a small copy `(B, 3, h, w)` of a photograph: features of four sizes, averaged.

    Args:
        channels: A multiple of 8.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        half, part = channels // 2, channels // 8
        self.first = conv(3, half, 2)
        self.parallel = nn.ModuleList(nn.Conv2d(part, part, size, 1, size // 2) for size in (1, 3, 5, 7))
        self.last = conv(half, channels, 2)

    def forward(self, copy: Tensor) -> Tensor:
        """Of a tile, the vector of its photograph."""
        parts = act(self.first(copy)).chunk(len(self.parallel), 1)
        features = torch.cat([layer(part) for layer, part in zip(self.parallel, parts, strict=True)], 1)
        return mean_of_whole(act(self.last(act(features)))).flatten(1)


class ToneCurve(nn.Module):
    """The first stage: each pixel `(B, 3, H, W)` alone, through four layers that statistics of the photograph modulate.

    Args:
        channels: Width.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = [3, channels, 2 * channels, channels, 3]
        self.statistics = Statistics(channels)
        pairs = list(pairwise(widths))
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in pairs)
        self.scales = nn.ModuleList(nn.Linear(channels, o) for _, o in pairs)
        self.shifts = nn.ModuleList(nn.Linear(channels, o) for _, o in pairs)

    def forward(self, image: Tensor) -> Tensor:
        """Map a photograph whose sides divide by 4."""
        copy = functional.interpolate(image, scale_factor=QUARTER, mode="bilinear", align_corners=False)
        vector, features = self.statistics(copy), image
        for layer, scale, shift in zip(self.layers, self.scales, self.shifts, strict=True):
            by, plus = (each(vector)[..., None, None] for each in (scale, shift))
            features = act(layer(features) * (1 + by) + plus)
        return features


class Detail(nn.Module):
    """The second stage: five convolutions at full size, each of which sees the sum of all before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(3, channels)
        self.layers = nn.ModuleList(conv(channels, channels) for _ in range(5))
        self.last = conv(channels, 3)

    def forward(self, image: Tensor) -> Tensor:
        """`(B, 3, H, W)` to the same."""
        start = act(self.first(image))
        total = start
        for layer in self.layers[:-1]:
            total = total + act(layer(total))
        return act(self.last(start + self.layers[-1](total)))


class Base(nn.Module):
    """The third stage: a U-Net at half and a quarter of the size, whose encoder leaves out what is clipped.

    Args:
        channels: Width; a multiple of 4.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv(3, channels, 2)
        self.trust = nn.Conv2d(3, channels, 1)
        self.encode, self.encode_deep = PartialBlocks(channels), PartialBlocks(channels)
        self.down = conv(channels, channels, 2)
        self.decode_deep, self.decode = TransformedBlocks(channels), TransformedBlocks(channels)
        self.up = nn.Sequential(conv(channels, 4 * channels), nn.PixelShuffle(2))
        self.common = nn.ModuleList([conv(3, channels), conv(channels, channels, groups=4)])
        self.condition1 = nn.ModuleList([conv(channels, channels, 2, groups=4), conv(channels, channels)])
        self.condition2 = nn.ModuleList([conv(channels, channels, 2, groups=4), conv(channels, channels, 2)])
        self.last = nn.Sequential(conv(channels, 12), nn.PixelShuffle(2))

    def forward(self, image: Tensor, clipped: Tensor) -> Tensor:
        """`(B, 3, H, W)` of the first stage, and how far each channel is clipped, to `(B, 3, H, W)`."""
        trust = halved(self.trust(((1 - clipped) / TRUSTED).clamp(0, 1)))
        common = act(self.common[1](act(self.common[0](clipped))))
        half, quarter = (level[1](act(level[0](common))) for level in (self.condition1, self.condition2))
        stem = act(self.first(image))
        level1 = self.encode(stem, trust)
        level2 = self.encode_deep(act(self.down(level1)), halved(trust))
        deep = self.decode_deep(level2, quarter) + level2
        features = self.decode(act(self.up(deep)), half) + level1
        return act(self.last(features + stem))


class LegacyNetwork(nn.Module):
    """Display values `(B, 3, H, W)` to encoded radiance of the same shape, not negative; both sides divide by 4.

    Args:
        channels: Width, a multiple of 8; the paper has 32.
    """

    multiple = 4

    def __init__(self, channels: int = 32) -> None:
        if channels < 8 or channels % 8:
            raise InputError(f"expected a multiple of 8 channels, found {channels}", "channels")
        super().__init__()
        self.tone = ToneCurve(channels)
        self.detail = Detail(channels)
        self.base = Base(channels)

    def forward(self, image: Tensor) -> Tensor:
        """Encoded radiance of photographs; of a tile, with the tone curve of its photograph."""
        clipped = ((image - CLIPPED) / (1 - CLIPPED)).clamp(0, 1)
        mapped = self.tone(image)
        return torch.relu(self.detail(mapped) + self.base(mapped, clipped))

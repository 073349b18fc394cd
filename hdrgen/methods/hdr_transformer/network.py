"""The network of Liu et al. 2022 (CA-ViT), with the widths of their public code."""

from collections.abc import Iterable, Sequence
from itertools import islice

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.nn import AttentionTo, SwinBlock, mean_of_whole

CHANNELS, HEADS, WINDOW = 60, 6, 8
DEPTHS = (6, 6, 6)
"""Blocks of each of the transformer blocks' groups."""


class LocalContext(nn.Module):
    """What convolutions know beside the windows' attention, weighed channel by channel (LCE).

    Args:
        channels: Of the tokens.
        narrow: Of the hidden layers.
    """

    def __init__(self, channels: int, narrow: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, narrow, 1),
            nn.Conv2d(narrow, narrow, 3, padding=1),
            nn.Conv2d(narrow, channels, 1),
            nn.LeakyReLU(0.2),
        )
        self.gate = nn.Sequential(
            nn.Linear(channels, narrow, bias=False), nn.ReLU(), nn.Linear(narrow, channels, bias=False), nn.Sigmoid()
        )

    def forward(self, tokens: Tensor) -> Tensor:
        """`(B, H, W, C)` to the same shape; the weights are those of the whole image, where a tile is seen."""
        features = self.body(tokens.movedim(-1, 1))
        weighed: Tensor = features.movedim(1, -1) * self.gate(mean_of_whole(features).flatten(1))[:, None, None]
        return weighed


class ContextBlock(SwinBlock):
    """A block of window attention with `LocalContext` beside it (CA-ViT).

    Args:
        channels: Of the tokens.
        heads: Of the attention.
        window: Side of a window in pixels.
        shift: By how many pixels the windows are moved.
        widening: Of the perceptron's hidden layer.
        narrow: Hidden channels of the local context.
        drop: Share of the training's images for which a branch is left out (stochastic depth).
    """

    def __init__(
        self, channels: int, heads: int, window: int, shift: int, widening: int, narrow: int, drop: float
    ) -> None:
        super().__init__(channels, heads, window, shift, widening)
        self.context = LocalContext(channels, narrow)
        self.drop = drop

    def forward(self, tokens: Tensor) -> Tensor:
        """Run on `(B, H, W, C)`, both sides multiples of the window."""
        normal = self.before(tokens)
        beside = self.context(normal)
        tokens = tokens + self.kept(self.attended(normal))
        result: Tensor = tokens + self.kept(self.perceptron(tokens)) + beside
        return result

    def kept(self, branch: Tensor) -> Tensor:
        """A branch, left out for some images while training, and larger for the others by as much."""
        if not (self.training and self.drop > 0):
            return branch
        kept = torch.rand(len(branch), 1, 1, 1, device=branch.device) >= self.drop
        return branch * kept / (1 - self.drop)


class ContextGroup(nn.Module):
    """Blocks with and without shift by turns, a dilated convolution, and a shortcut (CTB), on `(B, C, H, W)`."""

    def __init__(
        self, channels: int, heads: int, window: int, widening: int, narrow: int, drops: Iterable[float]
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                ContextBlock(channels, heads, window, window // 2 * (index % 2), widening, narrow, drop)
                for index, drop in enumerate(drops)
            )
        )
        self.dilated = nn.Conv2d(channels, channels, 3, padding=2, dilation=2)

    def forward(self, features: Tensor) -> Tensor:
        """Run the group."""
        tokens = self.blocks(features.movedim(1, -1)).movedim(-1, 1)
        result: Tensor = self.dilated(tokens) + features
        return result


class HDRTransformerNetwork(nn.Module):
    """Three exposures to radiance: attention to the reference, then groups of context-aware transformer blocks.

    Args:
        channels: Width of all features, a multiple of `heads`.
        heads: Of the attention.
        window: Side of its windows in pixels, even; that of images must be a multiple of it.
        depths: Blocks of each group.
        widening: Of the perceptrons' hidden layers.
        narrow: Hidden channels of the local context; None: `channels` // 8.
        drop: Largest share of stochastic depth, that of the last block; it grows from 0 linearly.
        zero_head: Whether the last convolution begins at 0.

    Raises:
        InputError: `heads` does not divide `channels`; a depth is negative.
    """

    def __init__(
        self,
        channels: int = CHANNELS,
        heads: int = HEADS,
        window: int = WINDOW,
        depths: Sequence[int] = DEPTHS,
        widening: int = 2,
        narrow: int | None = None,
        drop: float = 0.1,
        zero_head: bool = False,
    ) -> None:
        if channels % heads:
            raise InputError(f"expected channels that {heads} heads can share, found {channels}; pass a multiple")
        if any(depth < 0 for depth in depths):
            raise InputError(f"expected depths of 0 or more blocks, found {list(depths)}", "depths")
        super().__init__()
        self.stems = nn.ModuleList(nn.Conv2d(6, channels, 3, padding=1) for _ in range(3))
        self.attention = nn.ModuleList(AttentionTo(channels) for _ in range(2))
        self.merge = nn.Conv2d(3 * channels, channels, 3, padding=1)
        self.before, self.after = nn.LayerNorm(channels), nn.LayerNorm(channels)
        total = sum(depths)
        # One by one: a list of what a file asks for could fill the memory before its blocks are found too many.
        shares = (drop * index / max(total - 1, 1) for index in range(total))
        drops = (islice(shares, depth) for depth in depths)
        hidden = narrow or max(1, channels // 8)
        self.groups = nn.Sequential(*(ContextGroup(channels, heads, window, widening, hidden, part) for part in drops))
        self.fuse = nn.Conv2d(channels, channels, 3, padding=1)
        self.head = nn.Conv2d(channels, 3, 3, padding=1)
        self._start(zero_head)

    def forward(self, exposures: Tensor, start: Tensor | None = None) -> Tensor:
        """Merge.

        Args:
            exposures: `(B, 3, 6, H, W)`, dark to bright, each the radiance that it shows and its display values.
            start: `(B, 3, H, W)`, added before the sigmoid; None adds nothing.

        Returns:
            Radiance `(B, 3, H, W)` in [0, 1].
        """
        dark, reference, bright = (stem(frame) for stem, frame in zip(self.stems, exposures.unbind(1), strict=True))
        seen = [self.attention[0](dark, reference), reference, self.attention[1](bright, reference)]
        merged = self.merge(torch.cat(seen, 1))
        features = normal(self.after, self.groups(normal(self.before, merged)))
        image: Tensor = self.head(self.fuse(features + merged) + reference).float()
        return torch.sigmoid(image if start is None else image + start)

    def _start(self, zero_head: bool) -> None:
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)
        if zero_head:
            for parameter in self.head.parameters():
                nn.init.zeros_(parameter)


def normal(norm: nn.Module, features: Tensor) -> Tensor:
    """A normalisation of tokens applied to a map `(B, C, H, W)`."""
    tokens: Tensor = norm(features.movedim(1, -1))
    return tokens.movedim(-1, 1)

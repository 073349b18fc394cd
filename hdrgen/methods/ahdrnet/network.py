"""The network of Yan et al. 2019, with the widths of their public code."""

import torch
from torch import Tensor, nn

from hdrgen.nn import AttentionTo

IDLE = 2
"""Convolutions that the authors' code builds and never calls."""


class DilatedDenseBlock(nn.Module):
    """Dense layers of dilated convolutions around a shortcut. Maps `(B, C, H, W)` to the same shape.

    Args:
        channels: C.
        growth: Channels that each layer adds.
        layers: Number of layers.
    """

    def __init__(self, channels: int, growth: int, layers: int) -> None:
        super().__init__()
        # One by one: a list of what a file asks for could fill the memory before its layers are found too many.
        widths = (channels + layer * growth for layer in range(layers))
        self.layers = nn.ModuleList(nn.Conv2d(width, growth, 3, padding=2, dilation=2) for width in widths)
        self.fuse = nn.Conv2d(channels + layers * growth, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Run the block."""
        dense = features
        for layer in self.layers:
            dense = torch.cat([dense, torch.relu(layer(dense))], 1)
        fused: Tensor = self.fuse(dense) + features
        return fused


class AHDRNetwork(nn.Module):
    """Three exposures to radiance: attention to the reference, then dilated residual dense blocks (Fig. 2).

    Args:
        channels: Width of all features.
        growth: Channels that each layer of a dense block adds.
        layers: Of a dense block.
        blocks: Number of dense blocks.
        idle_layers: Whether the two convolutions are there that the authors' code builds and never calls. They are
            frozen, since processes would wait for their gradients.
        zero_head: Whether the last convolution begins at 0.
    """

    def __init__(
        self,
        channels: int = 64,
        growth: int = 32,
        layers: int = 6,
        blocks: int = 3,
        idle_layers: bool = True,
        zero_head: bool = False,
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(6, channels, 3, padding=1), nn.LeakyReLU(0.01))
        self.attention = nn.ModuleList(AttentionTo(channels) for _ in range(2))
        self.merge = nn.Conv2d(3 * channels, channels, 3, padding=1)
        self.blocks = nn.ModuleList(DilatedDenseBlock(channels, growth, layers) for _ in range(blocks))
        self.fuse = nn.Sequential(
            nn.Conv2d(blocks * channels, channels, 1), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.head = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.Conv2d(channels, 3, 3, padding=1))
        idle = IDLE if idle_layers else 0
        self.idle = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=1) for _ in range(idle))
        self.idle.requires_grad_(False)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)
        if zero_head:
            for parameter in self.head[-1].parameters():
                nn.init.zeros_(parameter)

    def forward(self, exposures: Tensor, start: Tensor | None = None) -> Tensor:
        """Merge.

        Args:
            exposures: `(B, 3, 6, H, W)`, dark to bright, each its display values and the radiance that they show.
            start: `(B, 3, H, W)`, added before the sigmoid; None adds nothing.

        Returns:
            Radiance `(B, 3, H, W)` in [0, 1].
        """
        dark, reference, bright = (self.stem(frame) for frame in exposures.unbind(1))
        dark, bright = self.attention[0](dark, reference), self.attention[1](bright, reference)
        features = self.merge(torch.cat([dark, reference, bright], 1))
        made: list[Tensor] = []
        for block in self.blocks:
            features = block(features)
            made.append(features)
        image: Tensor = self.head(self.fuse(torch.cat(made, 1)) + reference).float()
        return torch.sigmoid(image if start is None else image + start)

"""The U-Net of Liu et al. 2020 that adds to an image what quantisation, or the steps before, took."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

CHANNELS = (16, 32, 64, 128, 256)
"""Width of each level of the dequantisation network."""
REFINEMENT_CHANNELS = (16, 32, 64, 128, 128)
"""Width of each level of the refinement network."""


class RestorationNetwork(nn.Module):
    """U-Net with average pooling; maps `(B, in, H, W)` to a correction `(B, 3, H, W)`.

    Args:
        in_channels: Of the input.
        channels: Width of each level, from full resolution down; filters are 7, 5, 3, 3, ... pixels wide.
        bounded: Whether the correction lies in (-1, 1), by tanh.
    """

    def __init__(self, in_channels: int = 3, channels: Sequence[int] = CHANNELS, bounded: bool = True) -> None:
        super().__init__()
        self.multiple = 2 ** (len(channels) - 1)
        kernels = [7, 5, *[3] * len(channels)]
        self.encoder = nn.ModuleList(
            nn.Sequential(*_layer(above, width, kernel), *_layer(width, width, kernel))
            for (above, width), kernel in zip(pairwise([in_channels, *channels]), kernels, strict=False)
        )
        # The decoder halves its width at every level, whatever that of the deepest level is.
        sides = list(pairwise([channels[-1], *channels[-2::-1]]))
        self.up = nn.ModuleList(nn.Sequential(*_layer(below, width, 3)) for below, width in sides)
        self.fuse = nn.ModuleList(nn.Sequential(*_layer(2 * width, width, 3)) for _, width in sides)
        self.output = nn.Conv2d(channels[0], 3, 3, padding=1)
        self.bounded = bounded

    def forward(self, image: Tensor) -> Tensor:
        """The correction of an image whose sides divide by `multiple`."""
        skips = [self.encoder[0](image)]
        for level in self.encoder[1:]:
            skips.append(level(avg_pool2d(skips[-1], 2)))
        features = skips.pop()
        for up, fuse in zip(self.up, self.fuse, strict=True):
            features = fuse(torch.cat([up(doubled(features)), skips.pop()], 1))
        correction: Tensor = self.output(features)
        return correction.tanh() if self.bounded else correction


def doubled(features: Tensor) -> Tensor:
    """Twice the size `(B, C, 2H, 2W)`, as TensorFlow 1 does it: every pixel, and after it the mean with the next one.

    >>> doubled(torch.tensor([[[[0.0, 4.0]]]]))[0, 0, 0].tolist()
    [0.0, 2.0, 4.0, 4.0]
    """
    for axis in (-2, -1):
        last = features.shape[axis] - 1
        # Looked up, since a program of torch.export would take no part of the features whose side may be 1.
        following = features.index_select(axis, (torch.arange(last + 1, device=features.device) + 1).clamp_max(last))
        features = torch.stack([features, (features + following) / 2], axis % features.ndim + 1)
        features = features.flatten(axis - 1, axis)
    return features


def _layer(in_channels: int, out_channels: int, kernel: int) -> list[nn.Module]:
    return [nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2), nn.LeakyReLU(0.1)]

"""GMNet's network: a branch over a thumbnail, for a kernel, gates and a maximum, and one over the photograph."""

from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.nn import ResidualBlock, small_kaiming_
from hdrgen.tiling import of_whole_image

KERNEL = 3
"""Rows and columns of the kernel that the thumbnail makes for each channel."""


class Whole(NamedTuple):
    """What the thumbnail tells of a photograph.

    Attributes:
        kernels: Of each channel, `(B, C, 3, 3)`.
        gates: Of each channel, `(B, C, 1, 1)` in [0, 1].
        most: q, the largest gain in parts of the peak's stops, `(B, 1, 1, 1)`.
    """

    kernels: Tensor
    gates: Tensor
    most: Tensor


class GainMapNetwork(nn.Module):
    """Display values `(B, 3, H, W)`, sides even, to a gain map and the gain, `(B, 1, H, W)` each.

    Args:
        channels: Width; the paper has 64. A multiple of 4.
        blocks: Residual blocks of each of the four trunks.
        thumbnail: Rows and columns of the copy of the photograph that the global branch sees.
    """

    multiple = 2

    def __init__(self, channels: int = 64, blocks: int = 5, thumbnail: int = 256) -> None:
        if channels < 4 or channels % 4 or blocks < 1 or thumbnail < 8:
            found = f"channels={channels}, blocks={blocks}, thumbnail={thumbnail}"
            raise InputError(f"expected a multiple of 4 channels, a block, and 8 cells or more, found {found}")
        super().__init__()
        self.thumbnail = thumbnail
        self.whole = nn.Sequential(_down(3, channels // 4), _down(channels // 4, channels), _trunk(channels, blocks))
        self.to_kernels, self.to_gates = _head(channels, channels), _head(channels, channels)
        self.to_most = _head(channels, 1)
        self.start = nn.Sequential(_down(3, channels), _trunk(channels, blocks))
        self.mask = nn.Sequential(_conv(channels, channels), nn.ReLU(), _conv(channels, 1), nn.Sigmoid())
        self.middle, self.end = _trunk(channels, blocks), _trunk(channels, blocks)
        enlarged = (_conv(channels, 4 * channels), nn.PixelShuffle(2), nn.ReLU())
        self.tail = nn.Sequential(*enlarged, _conv(channels, channels), nn.ReLU(), _conv(channels, 1))
        for part in (self.to_kernels, self.to_gates, self.to_most, self.tail):
            small_kaiming_(part)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """The gain map G, and :math:`Q = q G`, the gain in parts of the peak's stops; neither is clipped."""
        return self.gain(image, Whole(*of_whole_image(lambda: self.look_at(self._small(image)))))

    def look_at(self, thumbnail: Tensor) -> Whole:
        """What a small copy `(B, 3, h, w)` tells of the whole photograph."""
        features = self.whole(thumbnail)
        kernels = self.to_kernels(functional.adaptive_avg_pool2d(features, KERNEL))
        mean = features.mean((-2, -1), keepdim=True)
        return Whole(kernels, self.to_gates(mean).sigmoid(), self.to_most(mean))

    def gain(self, image: Tensor, whole: Whole) -> tuple[Tensor, Tensor]:
        """The same as `forward`, by what is known of the whole photograph."""
        features = self.start(image)
        features = features * self.mask(_filtered(features, whole.kernels))
        made: Tensor = self.tail(self.end(self.middle(features) * whole.gates))
        return made, whole.most * made

    def _small(self, image: Tensor) -> Tensor:
        size = (self.thumbnail, self.thumbnail)
        return functional.interpolate(image, size, mode="bicubic", align_corners=False, antialias=True).clamp(0, 1)


def _filtered(features: Tensor, kernels: Tensor) -> Tensor:
    """Each channel of each image with its own kernel `(B, C, 3, 3)`, zeros around; same shape `(B, C, H, W)`."""
    batch, channels, height, width = features.shape
    planes = features.reshape(1, batch * channels, height, width)
    weight = kernels.reshape(batch * channels, 1, KERNEL, KERNEL).to(planes)
    return functional.conv2d(planes, weight, padding=KERNEL // 2, groups=batch * channels).view_as(features)


def _down(in_channels: int, channels: int) -> nn.Sequential:
    """To half the size by the first of three convolutions."""
    layers = (_conv(in_channels, channels, 2), _conv(channels, channels), _conv(channels, channels))
    return nn.Sequential(*(part for layer in layers for part in (layer, nn.ReLU())))


def _trunk(channels: int, blocks: int) -> nn.Sequential:
    return nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))


def _head(channels: int, out: int) -> nn.Sequential:
    """Three convolutions 1 x 1 over the pooled thumbnail."""
    widths = [channels, 2 * channels, channels, out]
    layers = [nn.Conv2d(i, o, 1) for i, o in pairwise(widths)]
    return nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2])


def _conv(in_channels: int, channels: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(in_channels, channels, 3, stride, 1)

"""The network of Yan et al. 2020, with the widths of a public port."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.methods.frames import FRAMES
from hdrgen.tiling import fitted, of_whole_image, spread

CHANNELS = (32, 64, 128, 256)
"""Of the maps at a half, a quarter, an eighth and a sixteenth of the size."""
BLOCKS = 10
POOL = 32
"""Rows and columns to which the branch between distant places averages its map."""
KERNELS = (1, 3, 5)
"""Of the three ways through a block."""
SLOPE = 0.01


class Down(nn.Sequential):
    """A convolution 3 x 3 to half the size, padded at the right and the bottom, normalised."""

    def __init__(self, inputs: int, outputs: int) -> None:
        padded = nn.ZeroPad2d((0, 1, 0, 1))
        convolution = nn.Conv2d(inputs, outputs, 3, stride=2)
        super().__init__(padded, convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE))


class Encoder(nn.Module):
    """A frame to its maps, from a half of the size down."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        self.downs = nn.ModuleList(Down(inputs, outputs) for inputs, outputs in pairwise((6, *channels)))

    def forward(self, frame: Tensor) -> list[Tensor]:
        """All maps of `(B, 6, H, W)`."""
        maps: list[Tensor] = []
        for down in self.downs:
            frame = down(frame)
            maps.append(frame)
        return maps


class TriplePass(nn.Module):
    """Convolutions of three sizes beside each other, one that joins them, and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.ways = nn.ModuleList(nn.Conv2d(channels, channels, k, padding=k // 2) for k in KERNELS)
        self.join = nn.Conv2d(len(KERNELS) * channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """Run the block on `(B, C, H, W)`."""
        seen = torch.cat([torch.relu(way(features)) for way in self.ways], 1)
        result: Tensor = features + torch.relu(self.join(seen))
        return result


class NonLocal(nn.Module):
    r"""What places far apart have in common: each becomes a mean of all, weighed by how alike they are.

    :math:`y_i = x_i + W \sum_j \mathrm{softmax}_j(\theta(x_i)^T \phi(x_j))\, g(x_j)`, over a map that is averaged to a
    fixed size and repeated to its own afterwards.

    Source: Wang et al., "Non-local neural networks", 2018, Eq. 1 and 6, the embedded Gaussian.

    Args:
        channels: Of the map, even.
        pool: Rows and columns of the averaged map.
    """

    def __init__(self, channels: int, pool: int = POOL) -> None:
        super().__init__()
        self.pool = pool
        self.query, self.key, self.value = (nn.Conv2d(channels, channels // 2, 1) for _ in range(3))
        self.widen = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Run on `(B, C, H, W)`, or on the part of them that a tile has."""
        (whole,) = of_whole_image(lambda: (self.attended(features),))
        return spread(whole, features)

    def attended(self, features: Tensor) -> Tensor:
        """The averaged map `(B, C, pool, pool)` after the attention."""
        small = fitted(features, features.new_empty(1, 1, self.pool, self.pool))
        query, key, value = (part(small).flatten(2).movedim(1, 2) for part in (self.query, self.key, self.value))
        seen = torch.softmax(query @ key.movedim(1, 2), 2) @ value  # torch's own has no ONNX of three axes
        result: Tensor = small + self.widen(seen.movedim(1, 2).unflatten(2, small.shape[2:]))
        return result


class NHDRRNetwork(nn.Module):
    """Three exposures to radiance: encoders, blocks beside attention between distant places, a decoder with skips.

    Args:
        channels: Of the maps at a half, a quarter, an eighth and a sixteenth of the size.
        blocks: Triple-pass blocks at a sixteenth.
        pool: Rows and columns of the map in which distant places are compared.
        zero_head: Whether the last convolution begins at 0.

    Raises:
        InputError: There are not four widths, or the last is odd.
    """

    multiple = 16

    def __init__(
        self, channels: Sequence[int] = CHANNELS, blocks: int = BLOCKS, pool: int = POOL, zero_head: bool = False
    ) -> None:
        if len(channels) != len(CHANNELS) or channels[-1] % 2:
            raise InputError(f"expected four widths, the last even, found {list(channels)}", "channels")
        super().__init__()
        half, quarter, eighth, low = channels
        self.encoders = nn.ModuleList(Encoder(channels) for _ in range(FRAMES))
        merge = nn.Conv2d(FRAMES * low, low, 3, padding=1)
        self.merge = nn.Sequential(merge, nn.BatchNorm2d(low), nn.LeakyReLU(SLOPE))
        self.blocks = nn.Sequential(*(TriplePass(low) for _ in range(blocks)))
        self.distant = NonLocal(low, pool)
        inputs = (2 * low, *((FRAMES + 1) * width for width in (eighth, quarter, half)))
        self.ups = nn.ModuleList(_up(i, o) for i, o in zip(inputs, (eighth, quarter, half, half), strict=True))
        self.head = nn.Conv2d(half, 3, 3, padding=1)
        if zero_head:
            for parameter in self.head.parameters():
                nn.init.zeros_(parameter)

    def forward(self, exposures: Tensor, start: Tensor | None = None) -> Tensor:
        """Merge.

        Args:
            exposures: `(B, 3, 6, H, W)`, dark to bright, each its display values and the radiance that they show; both
                sides divide by 16.
            start: `(B, 3, H, W)`, added before the last ReLU; None adds nothing.

        Returns:
            Radiance `(B, 3, H, W)`, not negative.
        """
        maps = [encoder(frame) for encoder, frame in zip(self.encoders, exposures.unbind(1), strict=True)]
        *skips, low = zip(*maps, strict=True)
        merged = self.merge(torch.cat(low, 1))
        features = self.ups[0](torch.cat([self.blocks(merged), self.distant(merged)], 1))
        for up, beside in zip(list(self.ups)[1:], reversed(skips), strict=True):
            features = up(torch.cat([*beside, features], 1))
        image: Tensor = self.head(features).float()
        return torch.relu(image if start is None else image + start)


def _up(inputs: int, outputs: int) -> nn.Sequential:
    """To twice the size."""
    convolution = nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE))

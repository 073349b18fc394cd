"""HDRUNet's network: a U-Net of three levels, spatial feature transforms by conditions, and a mask for the input."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.nn import SFT, small_kaiming_

SLOPE = 0.1
"""Of the leaky ReLU of the condition branch; the base has ReLU."""


class ConditionedBlock(nn.Module):
    """Residual: transform, convolution, ReLU, transform, convolution; `(B, channels, H, W)` to the same.

    Args:
        channels: Of the features.
        condition: Channels of the condition.
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        self.transform1, self.transform2 = SFT(channels, condition), SFT(channels, condition)
        self.conv1, self.conv2 = conv(channels, channels), conv(channels, channels)
        small_kaiming_([self.conv1, self.conv2])

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Run the block, with a condition of the same height and width."""
        body = functional.relu(self.conv1(self.transform1(features, condition)))
        result: Tensor = features + self.conv2(self.transform2(body, condition))
        return result


class ConditionedBlocks(nn.ModuleList):
    """Several of them in a row."""

    def __init__(self, count: int, channels: int, condition: int) -> None:
        super().__init__(ConditionedBlock(channels, condition) for _ in range(count))

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Run the blocks."""
        for block in self:
            features = block(features, condition)
        return features


class Conditions(nn.Module):
    """What modulates each level `(B, condition, H / 2^k, W / 2^k)`, k = 0, 1, 2, from a photograph `(B, 3, H, W)`.

    Args:
        channels: Of the layers before.
        condition: Of the result.
    """

    def __init__(self, channels: int, condition: int) -> None:
        super().__init__()
        stem = (conv(3, channels), nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1))
        self.stem = nn.Sequential(*(layer for each in stem for layer in (each, nn.LeakyReLU(SLOPE))))
        firsts = (nn.Conv2d(channels, channels, 1), conv(channels, channels, 2), conv(channels, channels, 2))
        lasts = (nn.Conv2d(channels, condition, 1), nn.Conv2d(channels, condition, 1), conv(channels, condition, 2))
        self.levels = nn.ModuleList(
            nn.Sequential(first, nn.LeakyReLU(SLOPE), last) for first, last in zip(firsts, lasts, strict=True)
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """Of full size, half and a quarter."""
        features = self.stem(image)
        return [level(features) for level in self.levels]


class ConditionedUNet(nn.Module):
    """Display values `(B, 3, H, W)` to encoded radiance of the same shape, unbounded: a mask times the input, and more.

    Both sides must divide by 4.

    Args:
        channels: Width; the paper has 64.
        condition_channels: Width of the conditions.
        blocks: Residual blocks at a quarter of the size; at half of it there are two down and two up.
    """

    multiple = 4

    def __init__(self, channels: int = 64, condition_channels: int = 32, blocks: int = 8) -> None:
        if blocks < 1:
            raise InputError(f"expected at least one block, found {blocks}", "blocks")
        super().__init__()
        relu, pointwise = nn.ReLU(), nn.Conv2d(channels, channels, 1)
        features = (conv(3, channels), relu, conv(channels, channels), relu, pointwise, relu)
        self.mask = nn.Sequential(*features, nn.Conv2d(channels, 3, 1))
        self.conditions = Conditions(channels, condition_channels)
        self.first, self.second = conv(3, channels), conv(channels, channels)
        self.transform_in, self.transform_out = SFT(channels, condition_channels), SFT(channels, condition_channels)
        self.down1, self.down2 = conv(channels, channels, 2), conv(channels, channels, 2)
        of: Callable[[int], ConditionedBlocks] = lambda count: ConditionedBlocks(count, channels, condition_channels)  # noqa: E731
        self.blocks_down, self.blocks, self.blocks_up = of(2), of(blocks), of(2)
        self.up1, self.up2 = (
            nn.Sequential(conv(channels, 4 * channels), nn.PixelShuffle(2), nn.ReLU()) for _ in range(2)
        )
        self.last = nn.Sequential(conv(channels, channels), nn.ReLU(), conv(channels, 3))

    def forward(self, image: Tensor) -> Tensor:
        """Encoded radiance of photographs."""
        full, half, quarter = self.conditions(image)
        first = self.transform_in(functional.relu(self.first(image)), full)
        level0 = functional.relu(self.second(first))
        level1 = self.blocks_down(functional.relu(self.down1(level0)), half)
        level2 = functional.relu(self.down2(level1))
        deepest = self.blocks(level2, quarter) + level2
        features = self.blocks_up(self.up1(deepest) + level1, half)
        features = self.transform_out(self.up2(features) + level0, full)
        result: Tensor = self.mask(image) * image + self.last(features)
        return result


def conv(in_channels: int, channels: int, stride: int = 1) -> nn.Conv2d:
    """A convolution 3 x 3 that keeps the size, but for its stride."""
    return nn.Conv2d(in_channels, channels, 3, stride, 1)

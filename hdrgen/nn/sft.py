"""Features that a condition scales and shifts, pixel by pixel."""

from torch import Tensor, nn

from hdrgen.errors import InputError


class SFT(nn.Module):
    r"""Spatial feature transform: :math:`f (1 + s(c)) + t(c)`, f `(B, channels, H, W)`, c `(B, condition, H, W)`.

    s and t are two 1 x 1 convolutions each, with a leaky ReLU of slope 0.1 between.

    Source: Wang, Yu, Dong, Loy, "Recovering Realistic Texture in Image Super-resolution by Deep Spatial Feature
    Transform", CVPR 2018; the 1 + as HDRUNet (Chen et al. 2021) and LHDR (Guo and Jiang 2022) have it.

    Args:
        channels: Of the features.
        condition: Channels of the condition.
    """

    def __init__(self, channels: int, condition: int) -> None:
        if channels < 1 or condition < 1:
            raise InputError(f"expected at least one channel, found {channels} of features, {condition} of conditions")
        super().__init__()
        self.scale = _two(condition, channels)
        self.shift = _two(condition, channels)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Scale and shift features."""
        result: Tensor = features * (1 + self.scale(condition)) + self.shift(condition)
        return result


def _two(condition: int, channels: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(condition, condition, 1), nn.LeakyReLU(0.1), nn.Conv2d(condition, channels, 1))

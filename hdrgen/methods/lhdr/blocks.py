"""LHDR's blocks: convolutions that leave clipped pixels out, and features that a condition modulates."""

from torch import Tensor, nn
from torch.nn import functional

from hdrgen.nn import SFT

GROUPS = 4
"""Of the first convolution of each block."""
NOTHING = 1e-8


def act(features: Tensor) -> Tensor:
    """The network's activation: leaky ReLU of slope 0.1."""
    return functional.leaky_relu(features, 0.1)


def conv(in_channels: int, channels: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    """A convolution 3 x 3 that keeps the size, but for its stride."""
    return nn.Conv2d(in_channels, channels, 3, stride, 1, groups=groups)


def halved(mask: Tensor) -> Tensor:
    """A mask `(B, C, H, W)` averaged to half the size, over 3 x 3 with zeros around."""
    return functional.avg_pool2d(mask, 3, 2, 1)


class PartialConv(nn.Module):
    r"""A convolution 3 x 3 of what a mask lets through, made up for what it does not.

    With :math:`M` the sum of the mask over the window and all channels, :math:`u = \mathrm{clip}(M, 0, 1)` and
    :math:`r = 9 C u / M`: :math:`(r\, W * (h m) + b)\, u`; u is the mask of the next. Also where the convolution has
    groups, M counts all channels.

    Source: Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", ECCV 2018.

    Args:
        channels: C, in and out.
        groups: Of the convolution.
    """

    def __init__(self, channels: int, groups: int = 1) -> None:
        super().__init__()
        self.conv = conv(channels, channels, groups=groups)

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Features `(B, C, H, W)` and a mask `(B, C or 1, H, W)` to features and a mask `(B, 1, H, W)`."""
        window = 9 * features.shape[1]
        total = window * functional.avg_pool2d(mask.mean(1, keepdim=True), 3, 1, 1)
        kept = total.clamp(0, 1)
        made = functional.conv2d(features * mask, self.conv.weight, None, 1, 1, 1, self.conv.groups)
        bias = 0 if self.conv.bias is None else self.conv.bias[:, None, None]
        return (made * (window / (total + NOTHING) * kept) + bias) * kept, kept


class PartialBlock(nn.ModuleList):
    """Residual: two partial convolutions, the first in groups."""

    def __init__(self, channels: int) -> None:
        super().__init__([PartialConv(channels, GROUPS), PartialConv(channels)])

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Features `(B, C, H, W)` and a mask to the same."""
        first, second = self
        made, mask = first(features, mask)
        made, mask = second(act(made), mask)
        return features + act(made), mask


class PartialBlocks(nn.ModuleList):
    """Two of them."""

    def __init__(self, channels: int) -> None:
        super().__init__(PartialBlock(channels) for _ in range(2))

    def forward(self, features: Tensor, mask: Tensor) -> Tensor:
        """Features `(B, C, H, W)` with a mask `(B, C, H, W)` to features."""
        for block in self:
            features, mask = block(features, mask)
        return features


class TransformedBlock(nn.Module):
    """Residual: transform, convolution in groups, transform, convolution; a leaky ReLU after each convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = conv(channels, channels, groups=GROUPS), conv(channels, channels)
        self.transform1, self.transform2 = SFT(channels, channels), SFT(channels, channels)

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Features and a condition `(B, C, H, W)` to features."""
        made = act(self.conv1(self.transform1(features, condition)))
        return features + act(self.conv2(self.transform2(made, condition)))


class TransformedBlocks(nn.ModuleList):
    """Two of them."""

    def __init__(self, channels: int) -> None:
        super().__init__(TransformedBlock(channels) for _ in range(2))

    def forward(self, features: Tensor, condition: Tensor) -> Tensor:
        """Features and a condition `(B, C, H, W)` to features."""
        for block in self:
            features = block(features, condition)
        return features

"""The parts of Zhang et al.'s exposure models: guided convolutions and attention across the two models."""

import torch
from torch import Tensor, nn

from hdrgen.nn import ChannelAttention

DILATIONS = (1, 5, 9, 13)
"""Of the four convolutions side by side in a block of attention: what is near and what is far."""


def convolution(in_channels: int, out_channels: int, size: int = 3, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size of the image, up to its stride."""
    return nn.Conv2d(in_channels, out_channels, size, stride, dilation * (size // 2), dilation)


class ConvPair(nn.Sequential):
    """Twice: convolution 3 x 3, leaky ReLU (0.2). `(B, C, H, W)` to `(B, out, H, W)`."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers += [convolution(channels, out_channels), nn.LeakyReLU(0.2)]
        super().__init__(*layers)


class GuidedConvPair(nn.Module):
    r"""Two luminance-guided convolutions :math:`h(F \odot L)`, each followed by leaky ReLU (section 3.2).

    Args:
        in_channels: Of the features.
        out_channels: Of the result.
        guided: False leaves the guide out (Table 2).
    """

    def __init__(self, in_channels: int, out_channels: int, guided: bool = True) -> None:
        super().__init__()
        self.layers = nn.ModuleList(convolution(c, out_channels) for c in (in_channels, out_channels))
        self.activation = nn.LeakyReLU(0.2)
        self.guided = guided

    def forward(self, features: Tensor, guide: Tensor) -> Tensor:
        """Convolve `features` `(B, C, H, W)` where the `guide` `(B, 1, H, W)` in [0, 1] points."""
        for layer in self.layers:
            features = self.activation(layer(features * guide if self.guided else features))
        return features


class CrossModelAttention(nn.Module):
    r"""Adds to the features of one model what it and its opposite know, near and far (CMAB, section 3.3).

    .. math:: F_{out} = F_{cur} + g(CA(cat_d\, h_d(cat(M_{cur} \odot g(F_{cur}), M_{ref} \odot g(F_{ref})))))

    :math:`h_d` are 3 x 3 convolutions with dilations 1, 5, 9 and 13, :math:`M` maps of one channel in [0, 1], made from
    both features by 1 x 1 convolutions and a sigmoid. Eq. 1-3.

    Args:
        channels: Of the features.
        reduction: How many times fewer channels the attention works on; the paper does not say.
        cross: False leaves the opposite model out, section 4.3: "w/o F_ref".
    """

    def __init__(self, channels: int, reduction: int = 4, cross: bool = True) -> None:
        super().__init__()
        narrow, sides = max(1, channels // reduction), 2 if cross else 1
        self.reduce = nn.ModuleList(convolution(channels, narrow, 1) for _ in range(sides))
        self.score = nn.ModuleList(convolution(sides * narrow, 1, 1) for _ in range(sides))
        self.spread = nn.ModuleList(convolution(sides * narrow, narrow, dilation=d) for d in DILATIONS)
        self.attention = ChannelAttention(len(DILATIONS) * narrow)
        self.restore = convolution(len(DILATIONS) * narrow, channels, 1)
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, current: Tensor, opposite: Tensor) -> Tensor:
        """Both `(B, C, H, W)`, of the same level; the result as well."""
        reduced = [layer(features) for layer, features in zip(self.reduce, (current, opposite), strict=False)]
        maps = self.maps(reduced)
        known = torch.cat([weight * features for weight, features in zip(maps, reduced, strict=True)], dim=1)
        spread = torch.cat([self.activation(layer(known)) for layer in self.spread], dim=1)
        added: Tensor = self.restore(self.attention(spread))
        return current + added

    def maps(self, reduced: list[Tensor]) -> list[Tensor]:
        """The attention maps M `(B, 1, H, W)` in [0, 1], one for each side (Fig. 9)."""
        both = torch.cat(reduced, dim=1)
        return [torch.sigmoid(layer(both)) for layer in self.score]

"""Attention over the channels of a feature map, and over the places of one that is seen beside another."""

import torch
from torch import Tensor, nn

from hdrgen.tiling import of_whole_image


class ChannelAttention(nn.Module):
    r"""Weighs each channel by what it holds over the whole image: :math:`F \odot \sigma(m(avg F) + m(max F))`.

    :math:`m` is a perceptron with one hidden layer and ReLU, shared by both poolings.

    Source: Woo et al., "CBAM: Convolutional Block Attention Module", 2018, section 3.1.

    Args:
        channels: Of the feature map.
        reduction: How many times narrower the hidden layer is, which has at least 4 units.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(4, channels // reduction)
        self.perceptron = nn.Sequential(
            nn.Linear(channels, hidden, bias=False), nn.ReLU(), nn.Linear(hidden, channels, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Weigh `features` `(B, C, H, W)`."""
        average, largest = of_whole_image(lambda: (features.mean((-2, -1)), features.amax((-2, -1))))
        pooled: Tensor = self.perceptron(average) + self.perceptron(largest)
        return features * torch.sigmoid(pooled)[..., None, None]


class AttentionTo(nn.Module):
    r"""Weighs features at each place by what a reference shows there: :math:`F \odot \sigma(c_2(c_1([F, F_r])))`.

    What does not belong to the scene as the reference saw it, since it moved or is clipped, can be left out.
    :math:`c_1` is a convolution 3 x 3 with LeakyReLU, :math:`c_2` one to the width of F.

    Source: Yan et al., "Attention-guided network for ghost-free high dynamic range imaging", 2019, section 3.2.

    Args:
        channels: Of F, and of the reference's features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weigh = nn.Sequential(
            nn.Conv2d(2 * channels, 2 * channels, 3, padding=1),
            nn.LeakyReLU(0.01),
            nn.Conv2d(2 * channels, channels, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, features: Tensor, reference: Tensor) -> Tensor:
        """Weigh `features` `(B, C, H, W)` by `reference`, of the same shape."""
        weighed: Tensor = features * self.weigh(torch.cat([features, reference], 1))
        return weighed

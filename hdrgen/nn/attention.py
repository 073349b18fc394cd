"""Attention over the channels of a feature map."""

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

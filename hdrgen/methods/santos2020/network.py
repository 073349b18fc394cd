"""The network of Santos et al. 2020: a U-Net whose convolutions weigh each feature by how far it can be trusted."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.nn import IMAGENET_MEAN, IMAGENET_STD

CHANNELS = (64, 128, 256, 512, 512, 512, 512)
"""Of the maps from a half of the size down."""
KERNELS = (7, 5, 5)
"""Of the first convolutions of the encoder; further ones have 3."""
SLOPE = 0.2
LITTLE = 1e-6
"""Added to the sum of a filter's weights."""


class MaskedConvolution(nn.Conv2d):
    r"""A convolution of features times their mask, and the mask of what it makes.

    :math:`f = W * (h \odot m) + b`, and the new mask is the share of a filter's weights that saw what can be trusted,
    :math:`m' = |W| * m / (\sum |W| + 10^{-6})`, to which no gradient flows.

    Source: Santos et al. 2020.
    """

    def forward(self, features: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """Both of `(B, C, H, W)`."""
        made = super().forward(features * mask)
        with torch.no_grad():
            size = self.weight.abs()
            trusted = functional.conv2d(mask, size.to(mask), None, self.stride, self.padding)
            return made, trusted / (size.sum((1, 2, 3)).view(-1, 1, 1) + LITTLE).to(trusted)


class MaskedNetwork(nn.Module):
    r"""Display values and a mask to :math:`\log(H + 1)`.

    Args:
        channels: Of the maps from a half of the size down; their number is that of the levels.
        first_bias: Of the last layer.

    Raises:
        InputError: There is no level.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: Sequence[int] = CHANNELS, first_bias: float = 0.0) -> None:
        if not channels or min(channels) < 1:
            raise InputError(f"expected a width for each level, 1 or more each, found {list(channels)}", "channels")
        super().__init__()
        self.multiple = 2 ** len(channels)
        widths = (3, *channels)
        kernels = [*KERNELS, *[3] * len(channels)]
        self.downs = nn.ModuleList(
            MaskedConvolution(i, o, kernel, stride=2, padding=kernel // 2, bias=False)
            for (i, o), kernel in zip(pairwise(widths), kernels, strict=False)
        )
        self.ups = nn.ModuleList(
            MaskedConvolution(below + beside, beside, 3, padding=1, bias=beside is widths[0])
            for beside, below in reversed(list(pairwise(widths)))
        )
        for layer in (*self.downs, *self.ups):
            nn.init.xavier_normal_(layer.weight, nn.init.calculate_gain("relu"))
            if layer.bias is not None:
                nn.init.constant_(layer.bias, first_bias)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor, mask: Tensor) -> Tensor:
        """Run the network; the features of a skip connection count as trusted everywhere.

        Args:
            image: `(B, 3, H, W)` display values in [0, 1], sides dividing by `multiple`.
            mask: How far each can be trusted, the same shape, in [0, 1].

        Returns:
            `(B, 3, H, W)`, without bounds.
        """
        features = (image - self.mean) / self.std
        skips: list[Tensor] = []
        for down in self.downs:
            skips.append(features)
            made, mask = down(features, mask)
            features = torch.relu(made)
        for up in self.ups:
            beside = skips.pop()
            features, mask = (functional.interpolate(each, scale_factor=2.0) for each in (features, mask))
            seen = torch.cat([mask, torch.ones_like(beside)], 1)
            features, mask = up(torch.cat([features, beside], 1), seen)
            features = functional.leaky_relu(features, SLOPE) if skips else features
        return features

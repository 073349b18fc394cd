"""The residual block of networks without normalisation, and how these begin."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    r""":math:`f + c_2(\mathrm{ReLU}(c_1(f)))`, `(B, channels, H, W)`, with convolutions 3 x 3 by `small_kaiming_`.

    Source: Wang et al., "ESRGAN", ECCV Workshops 2018, whose small start it has.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1), nn.ReLU(), nn.Conv2d(channels, channels, 3, 1, 1)
        )
        small_kaiming_(self.body)

    def forward(self, features: Tensor) -> Tensor:
        """Run the block."""
        result: Tensor = features + self.body(features)
        return result


@torch.no_grad()
def small_kaiming_(modules: Iterable[nn.Module], scale: float = 0.1) -> None:
    """Initialise convolutions and linear layers by Kaiming's normal distribution times `scale`, biases at 0.

    Source: He et al., "Delving Deep into Rectifiers", 2015; a tenth of it as Wang et al. 2018 begin deep networks.
    """
    for module in modules:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight).mul_(scale)
            if module.bias is not None:
                nn.init.zeros_(module.bias)

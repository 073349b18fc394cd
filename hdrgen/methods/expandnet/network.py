"""ExpandNet's network: what is near a pixel, what is around it, and the whole photograph, fused pixel by pixel."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.tiling import of_whole_image

LAST = 4
"""Rows and columns of the global branch's features before the convolution that takes all of them."""


class ExpansionNetwork(nn.Module):
    """Display values `(B, 3, H, W)` to relative radiance of the same shape in [0, 1] (Fig. 2 of the paper).

    Args:
        channels: Width; the paper has 64.
        global_size: Rows and columns of the copy of the photograph that the global branch sees; a power of 2.
    """

    def __init__(self, channels: int = 64, global_size: int = 256) -> None:
        super().__init__()
        halvings = global_size.bit_length() - LAST.bit_length()
        if halvings < 1 or global_size != LAST << halvings:
            raise InputError(f"expected a power of 2 from 8 on, found global_size={global_size}", "global_size")
        self.global_size = global_size
        self.local = _selu(nn.Conv2d(3, channels, 3, 1, 1), nn.Conv2d(channels, 2 * channels, 3, 1, 1))
        widths = [3, channels, channels, channels]
        around = [nn.Conv2d(width, channels, 3, 1, 2, 2) for width in widths]
        self.dilated = _selu(*around)[:-1]
        halving = [nn.Conv2d(3 if step == 0 else channels, channels, 3, 2, 1) for step in range(halvings)]
        self.whole = nn.Sequential(*_selu(*halving), nn.Conv2d(channels, channels, LAST))
        self.fuse = nn.Sequential(nn.Conv2d(4 * channels, channels, 1), nn.SELU(), nn.Conv2d(channels, 3, 1))

    def forward(self, image: Tensor) -> Tensor:
        """Expand photographs of any size; of a tile, with the global features of its photograph."""
        of_all = of_whole_image(lambda: (self._global(image),))[0].expand(-1, -1, *image.shape[-2:])
        features = torch.cat([self.local(image), self.dilated(image), of_all], 1)
        return torch.sigmoid(self.fuse(features))

    def _global(self, image: Tensor) -> Tensor:
        """`(B, channels, 1, 1)`; the copy is made without antialiasing, as in the authors' code."""
        size = (self.global_size, self.global_size)
        copy = functional.interpolate(image, size, mode="bilinear", align_corners=False)
        features: Tensor = self.whole(copy)
        return features


def _selu(*convolutions: nn.Module) -> nn.Sequential:
    """These, with a SELU after each."""
    return nn.Sequential(*(layer for convolution in convolutions for layer in (convolution, nn.SELU())))

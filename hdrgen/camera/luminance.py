"""Relative luminance of linear colour."""

import torch
from torch import Tensor

BT709_LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Relative luminance of linear red, green and blue with BT.709 primaries."""


def luminance_of(radiance: Tensor) -> Tensor:
    """Relative luminance (..., 1, H, W) of linear BT.709 RGB (..., 3, H, W), in the same unit.

    The weights are those of ITU-R BT.709, of four digits; `hdrgen.metrics.colour` has the six of HDR-VDP and PU21.

    >>> luminance_of(torch.tensor([0.0, 1.0, 0.0]).view(3, 1, 1)).item()
    0.7152000069618225
    """
    import kornia  # not before it is needed: merges do without

    luminance: Tensor = kornia.color.rgb_to_grayscale(radiance, torch.tensor(BT709_LUMINANCE).to(radiance))
    return luminance

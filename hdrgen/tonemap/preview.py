"""Radiance reduced to the size of a preview."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

PREVIEW_SIDE = 2048
"""Pixels of the longer side of a preview at most."""


def reduced(radiance: Tensor, side: int = PREVIEW_SIDE) -> Tensor:
    """Means over squares, the smallest that bring the longer side down to `side` pixels.

    Means of radiance are what a camera of fewer pixels would see; a tone mapping operator comes after them. Rows and
    columns that fill no square are left out.

    Args:
        radiance: Linear radiance, (..., 3, H, W).
        side: Longest side of the result, in pixels.

    Returns:
        (..., 3, h, w); `radiance` itself where it is small enough.

    >>> import torch
    >>> reduced(torch.ones(3, 400, 601), side=300).shape
    torch.Size([3, 133, 200])
    """
    from torch.nn.functional import avg_pool2d

    factor = -(-max(radiance.shape[-2:]) // side)
    factor = min(factor, *radiance.shape[-2:])  # of a strip narrower than a square
    return radiance if factor == 1 else avg_pool2d(radiance, factor)

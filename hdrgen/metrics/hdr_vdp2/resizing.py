"""Bicubic resizing by MATLAB's rule, which HDR-VDP compares bands of different size by."""

from typing import NamedTuple

import torch
from torch import Tensor


class Resizer(NamedTuple):
    """Resizes images of one size to another: a product with a matrix for each axis."""

    rows: Tensor
    """`(new height, old height)`."""
    columns: Tensor
    """`(old width, new width)`."""

    def __call__(self, image: Tensor) -> Tensor:
        """`(..., H, W)` to `(..., new H, new W)`."""
        if self.rows.shape[0] == self.rows.shape[1] and self.columns.shape[0] == self.columns.shape[1]:
            return image
        return self.rows @ image @ self.columns


def resizer(old: tuple[int, int], new: tuple[int, int]) -> Resizer:
    """From size `(H, W)` to another, float64."""
    return Resizer(resizing_matrix(old[0], new[0]), resizing_matrix(old[1], new[1]).T.contiguous())


def resizing_matrix(old: int, new: int) -> Tensor:
    """What resizing one axis makes of each unit vector, `(new, old)`, float64.

    Keys' cubic with a = -0.5, stretched by the factor of shrinking so that nothing aliases, weights that add up to 1,
    the image mirrored at its edges with the outermost pixel repeated. torch's antialiased interpolation differs in the
    mirroring: it leaves out the weights beyond the edge.

    >>> resizing_matrix(4, 2)[0]
    tensor([0.4922, 0.4297, 0.1328, -0.0547], dtype=torch.float64)
    """
    scale = new / old
    stretch = min(scale, 1.0)
    centre = (torch.arange(new, dtype=torch.float64) + 0.5) / scale - 0.5
    reach = int(2 / stretch) + 2
    index = centre.floor()[:, None] + torch.arange(-reach, reach + 1)
    weight = _cubic(stretch * (centre[:, None] - index))
    weight = weight / weight.sum(1, keepdim=True)
    folded = index.long() % (2 * old)
    folded = torch.where(folded < old, folded, 2 * old - 1 - folded)
    return torch.zeros(new, old, dtype=torch.float64).scatter_add_(1, folded, weight)


def _cubic(x: Tensor) -> Tensor:
    x = x.abs()
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return torch.where(x <= 1, near, torch.where(x <= 2, far, torch.zeros_like(x)))

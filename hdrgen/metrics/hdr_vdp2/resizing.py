"""Bicubic resizing by MATLAB's rule, which HDR-VDP compares bands of different size by."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

BLOCK = 64
"""Rows of a matrix: larger blocks multiply more zeros, smaller ones keep the processor less busy."""


class MatrixBlock(NamedTuple):
    """Some rows of a matrix that is 0 far from its diagonal, without most of the zeros."""

    start: int
    """First input with a weight."""
    weights: Tensor
    """`(outputs, inputs)`."""


class Resizer(NamedTuple):
    """Resizes images of one size to another: a product with a matrix for each axis, block by block."""

    rows: tuple[MatrixBlock, ...]
    columns: tuple[MatrixBlock, ...]
    """No block: the size stays."""

    def __call__(self, image: Tensor) -> Tensor:
        """`(..., H, W)` to `(..., new H, new W)`."""
        return self._columns_of(self._product(image, self.rows) if self.rows else image)

    def rows_of(self, image: Tensor, start: int, stop: int) -> Tensor:
        """The rows of the result from `start`, a multiple of `BLOCK`, to before `stop`, one or the end."""
        if not self.rows:
            return self._columns_of(image[..., start:stop, :])
        return self._columns_of(self._product(image, self.rows[start // BLOCK : -(-stop // BLOCK)]))

    def _product(self, image: Tensor, blocks: Sequence[MatrixBlock]) -> Tensor:
        return torch.cat([weights @ image.narrow(-2, start, weights.shape[1]) for start, weights in blocks], -2)

    def _columns_of(self, image: Tensor) -> Tensor:
        if not self.columns:
            return image
        parts = [image.narrow(-1, start, weights.shape[1]) @ weights.mT for start, weights in self.columns]
        return torch.cat(parts, -1)


def resizer(old: tuple[int, int], new: tuple[int, int]) -> Resizer:
    """From size `(H, W)` to another, float64."""
    rows, columns = (() if a == b else blocks_of(resizing_matrix(a, b)) for a, b in zip(old, new, strict=True))
    return Resizer(rows, columns)


def blocks_of(matrix: Tensor) -> tuple[MatrixBlock, ...]:
    """Cut a matrix into rows that lie together, each block only as wide as it must be.

    >>> [(block.start, tuple(block.weights.shape)) for block in blocks_of(torch.eye(200))]
    [(0, (64, 64)), (64, (64, 64)), (128, (64, 64)), (192, (8, 8))]
    """
    blocks = []
    for rows in torch.split(matrix, BLOCK):
        used = rows.any(0).nonzero()[:, 0]
        first, last = int(used[0]), int(used[-1])
        blocks.append(MatrixBlock(first, rows[:, first : last + 1].clone()))
    return tuple(blocks)


def resizing_matrix(old: int, new: int) -> Tensor:
    """What resizing one axis makes of each unit vector, `(new, old)`, float64.

    Keys' cubic with a = -0.5, stretched by the factor of shrinking so that nothing aliases, weights that add up to 1,
    the image mirrored at its edges with the outermost pixel repeated. torch's antialiased interpolation differs in the
    mirroring: it leaves out the weights beyond the edge.

    >>> resizing_matrix(4, 2)[0]
    tensor([ 0.5469,  0.3984,  0.1016, -0.0469], dtype=torch.float64)
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

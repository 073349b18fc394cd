"""What is made of a pair of images some rows at a time, so that what comes in between fits the cache: metrics."""

from collections.abc import Callable

import torch
from torch import Tensor

from hdrgen.tiling.strips import by_strips, mean_by_strips

PairOfRows = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""What becomes of some rows of an image and of its target, `(B, C, h, W)` each."""


def mean_over_rows(of_rows: Callable[[Tensor, Tensor], Tensor], image: Tensor, target: Tensor) -> Tensor:
    """The mean `(B,)` of what is made of each pixel of a pair, `(B, C, H, W)` each.

    >>> mean_over_rows(torch.sub, torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2))
    tensor([1.])
    """

    def rows_of(start: int, stop: int) -> Tensor:
        return of_rows(image[..., start:stop, :], target[..., start:stop, :])

    return mean_by_strips(rows_of, image.shape[-2:]).flatten(1).mean(1)


def both_by_rows(of_rows: PairOfRows, image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """What becomes of an image and of its target, `(B, C, H, W)` each."""

    def rows_of(start: int, stop: int) -> Tensor:
        return torch.stack(of_rows(image[..., start:stop, :], target[..., start:stop, :]))

    first, second = by_strips(rows_of, image.shape[-2:]).unbind(0)
    return first, second

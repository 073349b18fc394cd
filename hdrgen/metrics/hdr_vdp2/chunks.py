"""Batches in parts that fit a processor's cache."""

from collections.abc import Sequence

import torch
from torch import Tensor

_ELEMENTS = 2**20
"""Of the largest intermediate result. More of them at once took up to twice the time: they leave the cache, and the
allocator asks the system for fresh pages each time."""


def chunks(images: Tensor, elements: int) -> Sequence[Tensor]:
    """Parts of a batch; on an accelerator the whole batch, for there it is faster.

    Args:
        images: `(N, ...)`.
        elements: What one image becomes on the way.

    >>> [len(part) for part in chunks(torch.zeros(3, 2), 2**19)]
    [2, 1]
    """
    if images.device.type != "cpu":
        return [images]
    return torch.split(images, max(1, _ELEMENTS // elements))

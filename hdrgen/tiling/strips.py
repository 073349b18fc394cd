"""Large images a few rows at a time.

What is made in between then stays in the cache of the processor. Made for a whole photograph of 24 megapixels, it would
be memory that the system first has to clear, which takes longer than the arithmetic.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

PIXELS = 2**18
"""Of a strip, about: few enough for the cache, enough for several threads."""


def by_strips(rows_of: Callable[[int, int], Tensor], size: Sequence[int], out: Tensor | None = None) -> Tensor:
    """An image (..., H, W) put together from its rows.

    Args:
        rows_of: The rows from a start, which is even, to before a stop.
        size: H and W of the whole.
        out: Where to, unless gradients are asked for; `rows_of` may use its own rows of it.

    Example:
        >>> by_strips(lambda start, stop: torch.arange(start, stop)[:, None], (130, 1)).sum().item() == sum(range(130))
        True
    """
    height, width = size
    rows = max(2, PIXELS // width // 2 * 2)
    bounds = [(start, min(start + rows, height)) for start in range(0, height, rows)]
    first = rows_of(*bounds[0])
    if first.requires_grad:
        return torch.cat([first, *(rows_of(*each) for each in bounds[1:])], -2)
    if len(bounds) == 1 and out is None:
        return first
    result = first.new_empty(*first.shape[:-2], height, width) if out is None else out
    result[..., : bounds[0][1], :] = first
    for start, stop in bounds[1:]:
        result[..., start:stop, :] = rows_of(start, stop)
    return result

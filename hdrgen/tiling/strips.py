"""Large images a few rows at a time.

What is computed in between then stays in the cache of the processor. For a whole photograph of 24 megapixels it would
be memory that the system first has to clear, which takes longer than the arithmetic.

`row_slices` says which rows: for loops that fill an array, read a file or count, in NumPy or torch. `by_strips` also
puts a tensor together, which NumPy's loops do not need: where gradients are asked for, nothing may be written in place.
`row_slices` lies in `hdrgen.io`, which goes through its arrays with it and knows no torch.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hdrgen.io import row_slices

PIXELS = 2**18
"""Of a strip, about: few enough for the cache, enough for several threads."""


def by_strips(rows_of: Callable[[int, int], Tensor], size: Sequence[int], out: Tensor | None = None) -> Tensor:
    """An image (..., H, W) put together from its rows.

    Args:
        rows_of: The rows from a start, which is even, to before a stop.
        size: H and W of the whole.
        out: Where to, unless gradients are asked for; `rows_of` may use its own rows of it.

    >>> by_strips(lambda start, stop: torch.arange(start, stop)[:, None], (130, 1)).sum().item() == sum(range(130))
    True
    """
    height, width = size
    # Even, since two rows of an enlarged image come from one (`hdrgen.fusion.pyramid`).
    first_rows, *others = row_slices(height, max(2, PIXELS // width // 2 * 2))
    first = rows_of(first_rows.start, first_rows.stop)
    if first.requires_grad:
        return torch.cat([first, *(rows_of(rows.start, rows.stop) for rows in others)], -2)
    if not others and out is None:
        return first
    result = first.new_empty(*first.shape[:-2], height, width) if out is None else out
    result[..., first_rows, :] = first
    for rows in others:
        result[..., rows, :] = rows_of(rows.start, rows.stop)
    return result

"""Large images a few rows at a time.

What is computed in between then stays in the cache of the processor. For a whole photograph of 24 megapixels it would
be memory that the system first has to clear, which takes longer than the arithmetic.

`row_slices` says which rows: for loops that fill an array, read a file or count, in NumPy or torch. `by_strips` also
puts an image of either kind together: where gradients are asked for, nothing may be written in place;
`mean_by_strips` takes the means of one. `row_slices` lies in `hdrgen.io`,
which goes through its arrays with it and knows no torch.
"""

from collections.abc import Callable, Sequence

import numpy as np

from hdrgen.array_kinds import Values, is_numpy, namespace
from hdrgen.io import row_slices

PIXELS = 2**17
"""Of a strip, about: few enough for the cache, enough for several threads."""


def _strips(size: Sequence[int], rows: int | None = None) -> list[slice]:
    """Even, since two rows of an enlarged image come from one (`hdrgen.fusion.pyramid`)."""
    height, width = size
    return list(row_slices(height, rows or max(2, PIXELS // width // 2 * 2)))


def mean_by_strips(rows_of: Callable[[int, int], Values], size: Sequence[int]) -> Values:
    """Means (..., 1, 1) over rows and columns of an image that is never whole.

    Args:
        rows_of: The rows (..., h, W) from a start to before a stop, as for `by_strips`.
        size: H and W of the whole.

    >>> import torch
    >>> mean_by_strips(lambda start, stop: torch.arange(start, stop)[:, None].double(), (130, 1)).item()
    64.5
    """
    parts = (rows_of(rows.start, rows.stop) for rows in _strips(size))
    sums = [namespace(part).sum(part, axis=(-2, -1), keepdims=True) for part in parts]
    mean: Values = namespace(sums[0]).stack(sums).sum(0) / (size[0] * size[1])
    return mean


def by_strips(
    rows_of: Callable[[int, int], Values], size: Sequence[int], out: Values | None = None, rows: int | None = None
) -> Values:
    """An image (..., H, W) put together from its rows.

    Args:
        rows_of: The rows from a start, which is even, to before a stop.
        size: H and W of the whole.
        out: Where to, unless gradients are asked for; `rows_of` may use its own rows of it.
        rows: Of each strip but the last; None: an even number, by the width.

    >>> import torch
    >>> by_strips(lambda start, stop: torch.arange(start, stop)[:, None], (130, 1)).sum().item() == sum(range(130))
    True
    """
    first_rows, *others = _strips(size, rows)
    first = rows_of(first_rows.start, first_rows.stop)
    if not is_numpy(first) and first.requires_grad:
        cat: Values = namespace(first).cat([first, *(rows_of(strip.start, strip.stop) for strip in others)], -2)
        return cat
    if not others and out is None:
        return first
    leading: tuple[int, ...] = tuple(first.shape[:-2])
    result = _empty_like(first, (*leading, *size)) if out is None else out
    _keep(first, result[..., first_rows, :])
    for strip in others:
        _keep(rows_of(strip.start, strip.stop), result[..., strip, :])
    return result


def _empty_like(values: Values, shape: tuple[int, ...]) -> Values:
    return np.empty(shape, values.dtype) if is_numpy(values) else values.new_empty(shape)


def _keep(rows: Values, target: Values) -> None:
    if not _is_same(rows, target):  # of those that were worked out in place, nothing is left to do
        target[...] = rows


def _is_same(rows: Values, target: Values) -> bool:
    """Whether both are the same memory, laid out alike."""
    if is_numpy(rows) or is_numpy(target):
        places = (each.__array_interface__ for each in (rows, target))
        return len({(place["data"], place["shape"], place["strides"], place["typestr"]) for place in places}) == 1
    return rows.is_set_to(target)

"""Differentiable piecewise-linear functions, one curve or a batch of curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdrgen.array_kinds import Values, between, counted, is_numpy, like, namespace

if TYPE_CHECKING:
    from torch import Tensor


def piecewise_linear(x: Tensor, knots: Tensor, values: Tensor) -> Tensor:
    """The polyline through `(knots, values)` at `x`; constant beyond its ends.

    Each x belongs to the segment `knots[i-1] < x <= knots[i]`, which is never of zero width: where knots repeat
    (the plateau of a curve that is being inverted) the result is the first of the values, and slopes stay finite.

    Args:
        x: (..., n).
        knots: Not decreasing, (N,), or (..., N) with the leading dimensions of `x`.
        values: The same shape as `knots`.
    """
    import torch

    find = _searched if torch.compiler.is_compiling() else torch.searchsorted
    index = find(knots.detach().contiguous(), x.detach().contiguous()).clamp(1, knots.shape[-1] - 1)
    left, right = _take(knots, index - 1), _take(knots, index)
    width = torch.where(right > left, right - left, torch.ones_like(right))
    t = ((x - left) / width).clamp(0, 1)
    return torch.lerp(_take(values, index - 1), _take(values, index), t)


def uniform_linear(x: Values, values: Values) -> Values:
    """The polyline through `values` at equidistant knots of [0, 1]; much cheaper than a search.

    Args:
        x: In [0, 1], (..., n).
        values: (N,), or (..., N) with the leading dimensions of `x`.
    """
    xp, last = namespace(x), values.shape[-1] - 1
    position = x * last
    index = _truncated(position, last)
    # A knot beyond the end continues the last segment, so that display value 1 needs no case of its own.
    values = xp.concatenate([values, 2 * values[..., -1:] - values[..., -2:-1]], -1)
    if values.ndim > 1:
        curves = like(counted(len(values.reshape(-1, values.shape[-1])), values), index)
        index += (curves * values.shape[-1]).reshape(*values.shape[:-1], 1)
    flat, index = values.reshape(-1), index.reshape(-1)
    left, right = _taken(flat, index), _taken(flat[1:], index)
    return between(left.reshape(x.shape), right.reshape(x.shape), position - xp.trunc(position))


def _truncated(position: Values, last: int) -> Values:
    """Truncating is flooring here, and 32 bits halve the traffic. NaN has no index; its share keeps it visible."""
    if is_numpy(position):
        with np.errstate(invalid="ignore"):
            return position.astype(np.int32).clip(0, last)
    import torch

    return position.detach().to(torch.int32).clamp_(0, last)


def _taken(table: Values, index: Values) -> Values:
    """The values of a table (N,) at places (n,)."""
    if is_numpy(table):
        return table.take(index)
    return table.index_select(0, index)


def _searched(knots: Tensor, x: Tensor) -> Tensor:
    """`torch.searchsorted` in steps that ONNX has: how many knots are below x, bit by bit."""
    import torch

    count = knots.shape[-1]
    index = torch.zeros_like(x, dtype=torch.long)
    for bit in range(count.bit_length() - 1, -1, -1):
        longer = index + 2**bit
        below = (longer <= count) & (_take(knots, (longer - 1).clamp_max(count - 1)) < x)
        index = torch.where(below, longer, index)
    return index


def _take(table: Tensor, index: Tensor) -> Tensor:
    return table[index] if table.ndim == 1 else table.gather(-1, index)


def fold(x: Values, curves: tuple[int, ...]) -> Values:
    """Bring images (batch.., frames.., C, H, W) to rows (batch.., C, n): a row per curve of a table (batch.., C)."""
    batch = x.shape[: len(curves) - 1]
    frames = x.reshape(*batch, -1, x.shape[-3], x.shape[-2] * x.shape[-1]).swapaxes(-3, -2)
    return frames.reshape(*frames.shape[:-2], -1)


def unfold(rows: Values, shape: tuple[int, ...]) -> Values:
    """The inverse of `fold`: rows (batch.., C, n) back to images of `shape`."""
    pixels = shape[-2] * shape[-1]
    frames = rows.reshape(*rows.shape[:-1], -1, pixels)
    return frames.swapaxes(-3, -2).reshape(shape)

"""Differentiable piecewise-linear functions, one curve or a batch of curves."""

import torch
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
    find = _searched if torch.compiler.is_compiling() else torch.searchsorted
    index = find(knots.detach().contiguous(), x.detach().contiguous()).clamp(1, knots.shape[-1] - 1)
    left, right = _take(knots, index - 1), _take(knots, index)
    width = torch.where(right > left, right - left, torch.ones_like(right))
    t = ((x - left) / width).clamp(0, 1)
    return torch.lerp(_take(values, index - 1), _take(values, index), t)


def uniform_linear(x: Tensor, values: Tensor) -> Tensor:
    """The polyline through `values` at equidistant knots of [0, 1]; much cheaper than a search.

    Args:
        x: In [0, 1], (..., n).
        values: (N,), or (..., N) with the leading dimensions of `x`.
    """
    last = values.shape[-1] - 1
    position = x * last
    # Truncating is flooring here, and 32 bits halve the traffic. NaN has no index; its share keeps it visible.
    index = position.detach().to(torch.int32).clamp_(0, last)
    # A knot beyond the end continues the last segment, so that display value 1 needs no case of its own.
    values = torch.cat([values, 2 * values[..., -1:] - values[..., -2:-1]], -1)
    if values.ndim > 1:
        curves = torch.arange(values.shape[:-1].numel(), dtype=torch.int32, device=x.device) * values.shape[-1]
        index += curves.view(*values.shape[:-1], 1)
    flat, index = values.flatten(), index.flatten()
    left, right = flat.index_select(0, index), flat[1:].index_select(0, index)
    return torch.lerp(left.view(x.shape), right.view(x.shape), position.frac())


def _searched(knots: Tensor, x: Tensor) -> Tensor:
    """`torch.searchsorted` in steps that ONNX has: how many knots are below x, bit by bit."""
    count = knots.shape[-1]
    index = torch.zeros_like(x, dtype=torch.long)
    for bit in range(count.bit_length() - 1, -1, -1):
        longer = index + 2**bit
        below = (longer <= count) & (_take(knots, (longer - 1).clamp_max(count - 1)) < x)
        index = torch.where(below, longer, index)
    return index


def _take(table: Tensor, index: Tensor) -> Tensor:
    return table[index] if table.ndim == 1 else table.gather(-1, index)


def fold(x: Tensor, curves: tuple[int, ...]) -> Tensor:
    """Bring images (batch.., frames.., C, H, W) to rows (batch.., C, n): a row per curve of a table (batch.., C)."""
    batch = x.shape[: len(curves) - 1]
    frames = x.reshape(*batch, -1, *x.shape[-3:]).flatten(-2)
    return frames.transpose(-3, -2).flatten(-2)


def unfold(rows: Tensor, shape: torch.Size) -> Tensor:
    """The inverse of `fold`: rows (batch.., C, n) back to images of `shape`."""
    pixels = shape[-2] * shape[-1]
    frames = rows.reshape(*rows.shape[:-1], -1, pixels)
    return frames.transpose(-3, -2).reshape(shape)

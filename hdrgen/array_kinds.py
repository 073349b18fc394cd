"""One code for two kinds of arrays: NumPy's, by which photographs are merged, and torch's, for gradients and devices.

Importing torch takes longer than merging some photographs does. What both need is written with operators, methods that
both have (`clip`, `reshape`, `swapaxes`), and the functions of the `namespace` that an array belongs to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor
    from typing_extensions import TypeIs

Values = TypeVar("Values", NDArray[Any], "Tensor")
"""Arrays of one kind, of which others of the same kind are made."""
Function = TypeVar("Function", bound=Callable[..., Any])


def is_numpy(values: Any) -> TypeIs[NDArray[Any]]:
    """Whether this is an array of NumPy's, or a number, which has all that arrays have."""
    return isinstance(values, (np.ndarray, np.generic))


def is_tensor(values: Any) -> TypeIs[Tensor]:
    """Whether this is a tensor, which is none before torch was imported."""
    tensor = getattr(sys.modules.get("torch"), "Tensor", None)
    return tensor is not None and isinstance(values, tensor)


def is_on_cpu(values: Any) -> bool:
    """Whether a look at values does not have to wait for a device."""
    return is_numpy(values) or values.device.type == "cpu"


def needs_gradient(values: Any) -> bool:
    """Whether nothing may be written in place; arrays have no gradients."""
    return not is_numpy(values) and bool(values.requires_grad)


def namespace(values: Any) -> Any:
    """The module whose functions take this array: NumPy, or torch.

    >>> namespace(np.zeros(2)).__name__
    'numpy'
    """
    if is_numpy(values):
        return np
    import torch

    return torch


def in_floats(values: Values) -> Values:
    """The values in float32, or in float64 where they are in that."""
    if values.dtype == namespace(values).float64:
        return values
    return values.astype(np.float32, copy=False) if is_numpy(values) else values.float()


def in_order(values: Values) -> Values:
    """The same, one row after the other in memory: of an image (3, H, W) that is a view of (H, W, 3)."""
    return np.ascontiguousarray(values) if is_numpy(values) else values.contiguous()


def at_least(values: Values, least: float) -> Values:
    """No value below a number, in place; a tensor keeps its gradients."""
    if is_numpy(values):
        # With a bound on one side only, NumPy takes twice the time.
        return values.clip(least, np.inf, out=values)
    return values.clamp_min_(least)


def log_above_one(values: Values) -> Values:
    """The logarithm of 1 + values, of finite ones from 0 up; within 3e-7 of it in float32.

    NumPy's own takes one value after the other, three times as long.

    >>> log_above_one(np.float32([0, 1])).astype(float).round(6).tolist()
    [0.0, 0.693147]
    """
    if not is_numpy(values) or values.dtype != np.float32:
        found: Values = namespace(values).log1p(values)
        return found
    # The quotient makes good what is lost in adding 1: Goldberg, "What every computer scientist should know about
    # floating-point arithmetic", 1991, theorem 4.
    above = (values + 1).clip(1 + np.finfo(np.float32).eps, np.inf)
    logarithm: Values = np.log(above)
    above -= 1
    logarithm /= above
    logarithm *= values
    return logarithm


def within_unit(values: Values) -> Values:
    """Within [0, 1], in place."""
    if is_numpy(values):
        return values.clip(0, 1, out=values)
    return values.clamp_(0, 1)


def largest(values: Values, axes: tuple[int, ...]) -> Values:
    """Along axes, which stay."""
    found: Values = namespace(values).amax(values, axis=axes, keepdims=True)
    return found


def smallest(values: Values, axes: tuple[int, ...]) -> Values:
    """Along axes, which stay."""
    found: Values = namespace(values).amin(values, axis=axes, keepdims=True)
    return found


def like(numbers: Any, values: Values) -> Values:
    """Numbers, or an array of either kind, as one of the kind, the type and the device of `values`."""
    if is_numpy(values):
        return np.asarray(numbers.detach().cpu() if hasattr(numbers, "detach") else numbers, values.dtype)
    import torch

    if isinstance(numbers, torch.Tensor):
        return numbers.to(values)
    return torch.tensor(numbers, dtype=values.dtype, device=values.device)


def for_both(function: Function) -> Function:
    """Say of a function that it takes both kinds."""
    function.takes_both_kinds = True  # type: ignore[attr-defined]  # an attribute of its own
    return function


def evaluated(function: Callable[..., Any], *values: Any) -> Any:
    """What a function makes of arrays; one that was written for tensors only gets them as such.

    >>> evaluated(for_both(lambda display: 1 - display), np.ones(1)).tolist()
    [0.0]
    """
    both = any(getattr(each, "takes_both_kinds", False) for each in (function, type(function).__call__))
    if both or not all(map(is_numpy, values)):
        return function(*values)
    import torch

    return function(*map(torch.tensor, values)).detach().cpu().numpy()


def without_gradients(values: Any) -> AbstractContextManager[Any]:
    """A block in which tensors get none; arrays have none."""
    context: AbstractContextManager[Any] = nullcontext() if is_numpy(values) else namespace(values).no_grad()
    return context


def without_autocast(values: Any) -> AbstractContextManager[Any]:
    """A block in which tensors keep their precision; arrays do anyway."""
    if is_numpy(values):
        return nullcontext()
    context: AbstractContextManager[Any] = namespace(values).autocast(values.device.type, enabled=False)
    return context


def counted(count: int, values: Values) -> Values:
    """0, 1, ... in float32, on the device of `values`."""
    if is_numpy(values):
        return np.arange(count, dtype=np.float32)
    found: Values = namespace(values).arange(count, device=values.device).float()
    return found


def as_index(values: Values) -> Values:
    """Numbers without a fraction, which may be NaN, as whole ones."""
    if is_numpy(values):
        with np.errstate(invalid="ignore"):
            return values.astype(np.int64)
    return values.long()


def gathered(values: Values, index: Values) -> Values:
    """The values at places along the last axis."""
    if is_numpy(values):
        return np.take_along_axis(values, index, -1)
    return values.gather(-1, index)


def row_sum(values: Values) -> Values:
    """Sums along the last axis, which stays."""
    found: Values = namespace(values).sum(values, axis=-1, keepdims=True)
    return found


def summed(values: Values, index: Values, size: int) -> Values:
    """Sums (K, size) of the values (K, N) that belong to each place (K, N)."""
    if is_numpy(values):
        rows = [np.bincount(places, row, size) for places, row in zip(index, values, strict=True)]
        return np.stack(rows).astype(values.dtype)
    return values.new_zeros(len(values), size).scatter_add(-1, index, values)


def between(start: Values, end: Values, share: Values) -> Values:
    """A share of the way from one to another."""
    xp = namespace(start)
    found: Values = start + share * (end - start) if xp is np else xp.lerp(start, end, share)
    return found


def running_maximum(values: Values) -> Values:
    """The largest up to each place of the last axis."""
    if is_numpy(values):
        return np.maximum.accumulate(values, -1)
    return values.cummax(-1).values

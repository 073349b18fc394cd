"""A stand-in for Apple's MPS: tensors that say they are elsewhere, are computed on the CPU, and refuse float64.

They say that they are on torch's device "meta", the one other than the CPU that every build of torch knows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from hdrgen.camera.normal_equations import cached_basis

THERE = torch.device("meta")


ALLOWED = ("copy", "index")
"""Operations that take tensors of the CPU too: to copy them, or as places."""


class OnDevice(Tensor):
    """A tensor of the stand-in; `there` holds its numbers."""

    there: Tensor

    @staticmethod
    def __new__(cls, there: Tensor) -> "OnDevice":
        if there.dtype == torch.float64:
            raise TypeError("cannot convert to float64, which this device does not have")
        made = Tensor._make_wrapper_subclass(cls, there.shape, dtype=there.dtype, device=THERE, strides=there.stride())
        made.there = there
        return made

    @classmethod
    def __torch_dispatch__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(function, args, kwargs or {})


def run(function: Callable[..., Any], args: Any, kwargs: dict[str, Any]) -> Any:
    """Compute on the CPU; what comes out is on the stand-in where an input was, or where it was asked for."""
    inputs: list[Tensor] = []
    tree_map_only(Tensor, inputs.append, (args, kwargs))
    asked = kwargs.get("device")
    there = asked == THERE if asked is not None else any(isinstance(each, OnDevice) for each in inputs)
    sizes = {isinstance(each, OnDevice) for each in inputs if each.ndim}
    if asked is None and len(sizes) > 1 and not any(name in str(function) for name in ALLOWED):
        raise RuntimeError(f"Expected all tensors to be on the same device, found there and cpu in {function}")
    if asked == THERE:
        kwargs = {**kwargs, "device": torch.device("cpu")}
    args, kwargs = tree_map_only(OnDevice, lambda each: each.there, (args, kwargs))
    result = function(*args, **kwargs)
    if not there:
        return result
    return tree_map_only(Tensor, lambda each: each if isinstance(each, OnDevice) else OnDevice(each), result)


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(function, args, kwargs or {})


@contextmanager
def device_without_float64() -> Iterator[Callable[[Tensor], Tensor]]:
    """Within it, tensors can be made and moved there by `device=THERE`; what it gives puts one there."""
    with pytest.MonkeyPatch.context() as patch, _Mode():
        patch.setattr("hdrgen.precision.WITHOUT_FLOAT64", (THERE.type,))
        patch.setattr(torch, "autocast", lambda *_, **__: nullcontext())  # which knows no such device
        try:
            yield OnDevice
        finally:
            cached_basis.cache_clear()  # it would give tensors from there to the next test that asks for `THERE`

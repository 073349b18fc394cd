"""Image quality is measured in float32 or better, whatever the precision of the network that made the images."""

import contextlib
import functools
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor

P = ParamSpec("P")
R = TypeVar("R")


def full_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Let `function` see its tensor arguments in float32 or better, and run it outside autocast.

    float16 and bfloat16 become float32; float32 and float64 stay. Gradients go through.

    >>> full_precision(lambda x: x * 2)(torch.ones((), dtype=torch.float16)).dtype
    torch.float32
    """

    @functools.wraps(function)
    def measured(*args: P.args, **kwargs: P.kwargs) -> R:
        tensors = [value for value in (*args, *kwargs.values()) if isinstance(value, Tensor)]
        with without_autocast(tensors[0].device.type if tensors else "cpu"):
            promoted = {name: promote(value) for name, value in kwargs.items()}
            return function(*map(promote, args), **promoted)

    return measured


@contextlib.contextmanager
def without_autocast(device_type: str) -> Iterator[None]:
    """Run the block outside autocast, where the device knows autocast at all."""
    if torch.amp.is_autocast_available(device_type):
        with torch.autocast(device_type, enabled=False):
            yield
    else:
        yield


def promote(value: Any) -> Any:
    """A half-precision tensor as float32; everything else as it is."""
    return value.float() if isinstance(value, Tensor) and value.dtype in (torch.float16, torch.bfloat16) else value

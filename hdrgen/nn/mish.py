"""Mish, several times as fast as torch's on a CPU."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

CHUNK = 1 << 16
"""Numbers for each thread that are worked on at a time: what is between stays in its cache."""


class Mish(nn.Mish):
    r"""Mish in place of its input: :math:`x \tanh(\log(1 + e^x))` (Misra 2019).

    With :math:`s = \sigma(x)` and :math:`q = s (2 - s)`, :math:`\tanh(\log(1 + e^x)) = q / (2 - q)`, which overflows
    nowhere and needs one exponential instead of three functions; this is torch's Mish to rounding. On a CPU it is
    computed chunk by chunk within the cache, with nothing kept for the gradient but the input; elsewhere, and when a
    program is compiled or exported, torch's own is taken.

    >>> Mish()(torch.tensor([-1.0, 0.0, 20.0]))
    tensor([-0.3034,  0.0000, 20.0000])
    """

    def __init__(self) -> None:
        super().__init__(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """Of any shape; without a gradient, the input is overwritten."""
        if not _chunked(features):
            return F.mish(features, inplace=True)
        if torch.is_grad_enabled() and features.requires_grad:
            result: Tensor = _Mish.apply(features)  # type: ignore[no-untyped-call]
            return result
        _mish(features, features)
        return features


class _Mish(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:
        ctx.save_for_backward(features)
        result = torch.empty_like(features)
        _mish(features, result)
        return result

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (features,) = ctx.saved_tensors
        result = torch.empty_like(features)
        if gradient.stride() != features.stride():
            gradient = torch.empty_like(features).copy_(gradient)
        _mish_backward(features, gradient, result)
        return result


def _chunked(features: Tensor) -> bool:
    """Whether chunks of memory can be worked on, and pay."""
    if features.device.type != "cpu" or features.dtype not in (torch.float32, torch.float64):
        return False
    if torch.compiler.is_compiling():
        return False
    return features.is_contiguous() or features.is_contiguous(memory_format=torch.channels_last)


def _chunks(*tensors: Tensor) -> Any:
    """Their numbers in the order of memory, chunk by chunk, side by side."""
    size = CHUNK * torch.get_num_threads()
    flat = (tensor.as_strided((tensor.numel(),), (1,)) for tensor in tensors)
    return zip(*(torch.split(numbers, size) for numbers in flat), strict=True)


def _buffer(features: Tensor) -> Tensor:
    return features.new_empty(min(features.numel(), CHUNK * torch.get_num_threads()))


def _mish(features: Tensor, result: Tensor) -> None:
    """Mish of `features` into `result`, which may be the same."""
    two, buffers = features.new_tensor(2.0), (_buffer(features), _buffer(features))
    for x, out in _chunks(features, result):
        s, q = (buffer[: len(x)] for buffer in buffers)
        torch.sigmoid(x, out=s)
        torch.sub(two, s, out=q).mul_(s)
        torch.sub(two, q, out=s)
        torch.mul(x, q.div_(s), out=out)


def _mish_backward(features: Tensor, gradient: Tensor, result: Tensor) -> None:
    r"""`gradient` times :math:`w + x s (1 - w^2)` with :math:`w = q / (2 - q)` into `result`."""
    two, buffers = features.new_tensor(2.0), (_buffer(features), _buffer(features))
    for x, g, out in _chunks(features, gradient, result):
        s, w = (buffer[: len(x)] for buffer in buffers)
        torch.sigmoid(x, out=s)
        torch.sub(two, s, out=w).mul_(s)
        torch.sub(two, w, out=out)
        w.div_(out)
        s.mul_(x)
        torch.mul(w, w, out=out)
        s.addcmul_(s, out, value=-1).add_(w)
        torch.mul(s, g, out=out)

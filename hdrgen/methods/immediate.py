"""Gradients that are computed at once, so that the graph of a part of a loss is gone before the next is built."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

AUTOCAST = ("cpu", "cuda", "mps", "xpu")
"""Types of devices that train in half precision."""


def differentiated(
    loss: Callable[..., tuple[Tensor, ...]], parameters: Iterable[Tensor], *tensors: Tensor
) -> tuple[Tensor, ...]:
    """A part of a loss, already differentiated: its graph is freed, and a later backward pass hands on what is known.

    The sum of two such parts takes the memory of the larger graph instead of both, and no more time; gradients are the
    same to rounding. For whoever calls the backward pass nothing changes: hooks of parameters, as
    DistributedDataParallel has, run then and once, and the loss may be scaled, accumulated or clipped. Under autocast
    to float16 the graph is kept, as gradients underflow unless the loss is scaled first.

    Args:
        loss: Makes the part, a scalar, of `tensors`, and other numbers that are wanted.
        parameters: All on which it depends; it trains no others.
        tensors: What it depends on besides, with graphs of their own, through which gradients pass on.

    Returns:
        The part, and the other numbers without gradients.

    >>> weight = torch.tensor(3.0, requires_grad=True)
    >>> part, = differentiated(lambda: (weight**2,), [weight])
    >>> (2 * part).backward()
    >>> weight.grad
    tensor(12.)
    """
    if not torch.is_grad_enabled() or _in_float16():
        return loss(*tensors)
    copies = [tensor.detach().requires_grad_(tensor.requires_grad) for tensor in tensors]
    part, *others = loss(*copies)
    pairs = [(tensor, tensor) for tensor in parameters] + list(zip(copies, tensors, strict=True))
    pairs = [pair for pair in pairs if pair[0].requires_grad]
    if part.requires_grad:
        with torch.autocast(part.device.type, enabled=False):  # a backward pass has the types of the forward pass
            gradients = torch.autograd.grad(part, [pair[0] for pair in pairs], allow_unused=True)
        part = _Known.apply(part.detach(), gradients, *(pair[1] for pair in pairs))  # type: ignore[no-untyped-call]
    return part, *(other.detach() for other in others)


def _in_float16() -> bool:
    """Whether some device computes in float16 now, Apple's MPS among them."""
    return any(
        torch.amp.is_autocast_available(device)
        and torch.is_autocast_enabled(device)
        and torch.get_autocast_dtype(device) == torch.float16
        for device in AUTOCAST
    )


class _Known(torch.autograd.Function):
    """A number with its gradients."""

    @staticmethod
    def forward(ctx: Any, loss: Tensor, gradients: tuple[Tensor | None, ...], *inputs: Tensor) -> Tensor:
        """The number."""
        ctx.gradients = gradients
        return loss.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The known gradients, times that of the number; once."""
        gradients, ctx.gradients = ctx.gradients, None
        if gradients is None:
            raise RuntimeError("a loss that was differentiated at once has one backward pass")
        return None, None, *(None if each is None else each * gradient for each in gradients)

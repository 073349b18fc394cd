"""From a generated stack to radiance."""

from collections.abc import Callable

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse, EstimatedResponse, Gamma, calibrate_debevec
from hdrgen.errors import InputError
from hdrgen.fusion import debevec_hat, merge_debevec
from hdrgen.tiling import of_whole_image, row_slices

MergeFunction = Callable[[Tensor, Tensor], Tensor]
"""Stacks `(B, S, 3, H, W)` of display values and their EV `(S,)` to radiance `(B, 3, H, W)`, as `merge_stack` does."""
LEVELS = 256
"""Display values at which an estimated response is noted."""
STRIP = 2**20
"""Pixels that are merged at a time, to bound the memory."""


def merge_stack(stack: Tensor, ev: Tensor, response: CameraResponse | None = None) -> Tensor:
    """Linear radiance of exposure stacks, in float32.

    Args:
        stack: `(B, S, 3, H, W)`, display values in [0, 1].
        ev: `(S,)`, stops.
        response: The camera response of all stacks; None estimates one from each (Debevec and Malik 1997). A stack that
            holds too little to estimate it from, such as a black picture, is merged with gamma 2.2.

    Returns:
        `(B, 3, H, W)`.
    """
    with torch.autocast(stack.device.type, enabled=False):
        merged = [_merge_one(one[None].float(), ev.float(), response) for one in stack]
    return merged[0] if len(merged) == 1 else torch.cat(merged)


def _merge_one(stack: Tensor, ev: Tensor, response: CameraResponse | None) -> Tensor:
    if response is None:
        # Every tile of a large photograph is merged with the response of the whole.
        (table,) = of_whole_image(lambda: (_estimated_table(stack, ev),))
        response = EstimatedResponse(table)
    merged = stack.new_empty(1, *stack.shape[2:])
    for strip in row_slices(stack.shape[-2], max(1, STRIP // stack.shape[-1])):
        # Generated exposures err by what the method got wrong, which grows towards both ends; sensor noise does not.
        merged[..., strip, :] = merge_debevec(stack[..., strip, :], ev, response, weight=debevec_hat)
    return merged


def _estimated_table(stack: Tensor, ev: Tensor) -> Tensor:
    """Inverse response at 256 levels `(1, 3, 256)`."""
    levels = torch.linspace(0, 1, LEVELS, device=stack.device).expand(1, 3, 1, -1)
    return estimate_response(stack, ev).inverse(levels)[..., 0, :]


def estimate_response(stack: Tensor, ev: Tensor) -> CameraResponse:
    """The camera response of one stack (Debevec and Malik 1997); gamma 2.2 where it holds too little to tell.

    Args:
        stack: `(1, S, 3, H, W)`, display values in [0, 1].
        ev: `(S,)` or `(1, S)`, stops.
    """
    try:
        return calibrate_debevec(stack, ev)
    except InputError:
        return Gamma(2.2)

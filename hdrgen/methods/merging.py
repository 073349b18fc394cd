"""From a generated stack to radiance."""

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse, Gamma, calibrate_debevec
from hdrgen.errors import InputError
from hdrgen.fusion import debevec_hat, merge_debevec


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
    return torch.cat(merged)


def _merge_one(stack: Tensor, ev: Tensor, response: CameraResponse | None) -> Tensor:
    if response is None:
        response = estimate_response(stack, ev)
    # Generated exposures err by what the method got wrong, which grows towards both ends; a sensor's noise does not.
    return merge_debevec(stack, ev, response, weight=debevec_hat)


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

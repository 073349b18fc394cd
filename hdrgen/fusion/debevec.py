"""Debevec's merge: a weighted mean of log radiance."""

import math
from functools import partial

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.fusion.frames import MID_GREY, decode, frame_weight, frames_longest_first, look
from hdrgen.fusion.weights import Weight, sensor_noise


def merge_debevec(stack: Tensor, ev: Tensor, response: CameraResponse, *, weight: Weight = sensor_noise) -> Tensor:
    r"""Merge exposures in the log domain.

    :math:`\ln E = \sum_j w(Z_j)(\ln f^{-1}(Z_j) - \ln 2^{EV_j}) / \sum_j w(Z_j)`

    Scale: an EV 0 exposure that reaches display 1 has radiance 1. A channel that no frame exposes well (all weights
    0) is taken from the shortest frame that shows it brighter than mid-grey, else from the longest frame: clipped
    highlights look as in the shortest exposure, shadows as in the longest, and nothing is NaN or infinite.

    Args:
        stack: display values in [0, 1], (..., S, 3, H, W), frames in any order; half precision computes in float32.
        ev: exposures in EV, (S,) or (..., S).
        response: the camera's curve.
        weight: from display value to weight, 0 at the clip levels. Where it falls off at the dark side of the longest
            and the bright side of the shortest exposure, it is held at mid-grey's.

    Returns:
        Linear radiance, (..., 3, H, W). Differentiable in everything.

    Raises:
        InputError: the exposures do not fit the stack, or are not finite.

    Source: Debevec and Malik, "Recovering high dynamic range radiance maps from photographs", 1997, Eq. 6.

    Example:
        >>> from hdrgen.camera import Gamma, form_image
        >>> ev = torch.tensor([-2.0, 0.0, 2.0])
        >>> stack = form_image(torch.full((3, 1, 1), 0.18), ev, Gamma(), bits=None)
        >>> round(float(merge_debevec(stack, ev, Gamma())[0, 0, 0]), 4)
        0.18
    """
    count = stack.shape[-4] if stack.ndim >= 4 else 0
    total = weighted = fallback = torch.zeros((), device=stack.device)
    for j, (frame, stops) in enumerate(frames_longest_first(stack, ev)):
        measure = partial(_measure, response, weight, longest=j == 0, shortest=j == count - 1)
        w, log_exposure = look(frame, measure)
        log_radiance = log_exposure - math.log(2) * stops.to(frame)
        total = total + w
        weighted = torch.addcmul(weighted, w, log_radiance) if j else w * log_radiance
        fallback = torch.where(frame >= MID_GREY, log_radiance, fallback) if j else log_radiance
    nothing = total <= 0
    return torch.where(nothing, fallback, weighted / torch.where(nothing, torch.ones_like(total), total)).exp()


def _measure(
    response: CameraResponse, weight: Weight, frame: Tensor, *, longest: bool, shortest: bool
) -> tuple[Tensor, Tensor]:
    return frame_weight(weight, frame, longest=longest, shortest=shortest), decode(response, frame).log()

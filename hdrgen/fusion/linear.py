"""The merge in linear light: a weighted mean of radiance."""

from functools import partial

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.fusion.frames import MID_GREY, decode, frame_weight, frames_longest_first, look
from hdrgen.fusion.weights import Weight, debevec_hat


def merge_linear(stack: Tensor, ev: Tensor, response: CameraResponse, *, weight: Weight = debevec_hat) -> Tensor:
    r"""Merge exposures in linear light: :math:`E = \sum_j w(Z_j) f^{-1}(Z_j) 2^{-EV_j} / \sum_j w(Z_j)`.

    Unlike the log-domain mean it is unbiased under photon noise, but a single wrongly bright frame counts for more.
    Arguments, scale, errors and the pixels that no frame exposes well: as :func:`hdrgen.fusion.merge_debevec`.

    Source: Mann and Picard, "On being 'undigital' with digital cameras", 1995; weights as in
    Reinhard et al., "High Dynamic Range Imaging", 2nd edition, Eq. 5.2.

    Example:
        >>> from hdrgen.camera import Gamma, form_image
        >>> ev = torch.tensor([-2.0, 0.0, 2.0])
        >>> stack = form_image(torch.full((3, 1, 1), 0.18), ev, Gamma(), bits=None)
        >>> round(float(merge_linear(stack, ev, Gamma())[0, 0, 0]), 4)
        0.18
    """
    count = stack.shape[-4] if stack.ndim >= 4 else 0
    total = weighted = fallback = torch.zeros((), device=stack.device)
    for j, (frame, stops) in enumerate(frames_longest_first(stack, ev)):
        measure = partial(_measure, response, weight, longest=j == 0, shortest=j == count - 1)
        w, exposure = look(frame, measure)
        radiance = exposure * torch.exp2(-stops.to(frame))
        total = total + w
        weighted = torch.addcmul(weighted, w, radiance) if j else w * radiance
        fallback = torch.where(frame >= MID_GREY, radiance, fallback) if j else radiance
    nothing = total <= 0
    return torch.where(nothing, fallback, weighted / torch.where(nothing, torch.ones_like(total), total))


def _measure(
    response: CameraResponse, weight: Weight, frame: Tensor, *, longest: bool, shortest: bool
) -> tuple[Tensor, Tensor]:
    return frame_weight(weight, frame, longest=longest, shortest=shortest), decode(response, frame)

"""The merge in linear light: a weighted mean of radiance."""

from collections.abc import Iterable
from functools import partial

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.fusion.frames import MID_GREY, Frame, by_strips, decode, frame_weight, frames_longest_first
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
    return by_strips(partial(_merge, response, weight, count), frames_longest_first(stack, ev))


def _merge(response: CameraResponse, weight: Weight, count: int, frames: Iterable[Frame]) -> Tensor:
    total = weighted = fallback = torch.zeros(())
    for j, (frame, stops) in enumerate(frames):
        radiance = decode(response, frame) * torch.exp2(-stops.to(frame))
        w = frame_weight(weight, frame, longest=j == 0, shortest=j == count - 1)
        total = total + w
        weighted = torch.addcmul(weighted, w, radiance) if j else w * radiance
        fallback = torch.where(frame >= MID_GREY, radiance, fallback) if j else radiance
    nothing = total <= 0
    return torch.where(nothing, fallback, weighted / torch.where(nothing, torch.ones_like(total), total))

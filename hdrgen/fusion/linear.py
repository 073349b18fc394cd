"""The merge in linear light: a weighted mean of radiance."""

from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.fusion.frames import weighted_mean
from hdrgen.fusion.means import LinearMean
from hdrgen.fusion.weights import Weight, debevec_hat


def merge_linear(stack: Tensor, ev: Tensor, response: CameraResponse, *, weight: Weight = debevec_hat) -> Tensor:
    r"""Merge exposures in linear light: :math:`E = \sum_j w(Z_j) f^{-1}(Z_j) 2^{-EV_j} / \sum_j w(Z_j)`.

    Unlike the log-domain mean it is unbiased under photon noise, but a single wrongly bright frame counts for more.
    Arguments, scale, errors and the pixels that no frame exposes well: as `hdrgen.fusion.merge_debevec`.

    Source: Mann and Picard, "On being 'undigital' with digital cameras", 1995; weights as in
    Reinhard et al., "High Dynamic Range Imaging", 2nd edition, Eq. 5.2.

    >>> import torch
    >>> from hdrgen.camera import Gamma, form_image
    >>> ev = torch.tensor([-2.0, 0.0, 2.0])
    >>> stack = form_image(torch.full((3, 1, 1), 0.18), ev, Gamma(), bits=None)
    >>> round(float(merge_linear(stack, ev, Gamma())[0, 0, 0]), 4)
    0.18
    """
    return weighted_mean(stack, ev, response, weight, LinearMean())

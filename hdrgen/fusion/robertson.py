"""Robertson's merge: radiance weighted by how many photons a frame counted."""

from torch import Tensor

from hdrgen.camera import CameraResponse, robertson_bell
from hdrgen.fusion.frames import weighted_mean
from hdrgen.fusion.means import PhotonMean
from hdrgen.fusion.weights import Weight


def merge_robertson(stack: Tensor, ev: Tensor, response: CameraResponse, *, weight: Weight = robertson_bell) -> Tensor:
    r"""Merge exposures in linear light, long ones with more weight.

    :math:`E = \sum_j w(Z_j) 2^{EV_j} f^{-1}(Z_j) / \sum_j w(Z_j) 4^{EV_j}`

    Least squares of :math:`f^{-1}(Z_j) - E\,2^{EV_j}`: a frame of twice the exposure counts four times. Arguments,
    scale, errors and the pixels that no frame exposes well: as `hdrgen.fusion.merge_debevec`.

    Source: Robertson, Borman and Stevenson, "Dynamic range improvement through multiple exposures", 1999, Eq. 6.

    >>> import torch
    >>> from hdrgen.camera import Gamma, form_image
    >>> ev = torch.tensor([-2.0, 0.0, 2.0])
    >>> stack = form_image(torch.full((3, 1, 1), 0.18), ev, Gamma(), bits=None)
    >>> round(float(merge_robertson(stack, ev, Gamma())[0, 0, 0]), 4)
    0.18
    """
    return weighted_mean(stack, ev, response, weight, PhotonMean())

"""Debevec's merge: a weighted mean of log radiance."""

from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.fusion.frames import weighted_mean
from hdrgen.fusion.means import LogMean
from hdrgen.fusion.weights import Weight, sensor_noise


def merge_debevec(stack: Tensor, ev: Tensor, response: CameraResponse, *, weight: Weight = sensor_noise) -> Tensor:
    r"""Merge exposures in the log domain.

    :math:`\ln E = \sum_j w(Z_j)(\ln f^{-1}(Z_j) - \ln 2^{EV_j}) / \sum_j w(Z_j)`

    Scale: an EV 0 exposure that reaches display 1 has radiance 1. A channel that no frame exposes well (all weights
    0) is taken from the shortest frame that shows it brighter than mid-grey, else from the longest frame: clipped
    highlights look as in the shortest exposure, shadows as in the longest, and nothing is NaN or infinite.

    Args:
        stack: Display values in [0, 1], (..., S, 3, H, W), frames in any order; half precision computes in float32.
        ev: Exposures in EV, (S,) or (..., S).
        response: The camera's curve.
        weight: From display value to weight, 0 at the clip levels. Where it falls off at the dark side of the longest
            and the bright side of the shortest exposure, it is held at mid-grey's.

    Returns:
        Linear radiance, (..., 3, H, W). Differentiable in everything.

    Raises:
        InputError: The exposures do not fit the stack, or are not finite.

    Source: Debevec and Malik, "Recovering high dynamic range radiance maps from photographs", 1997, Eq. 6.

    >>> import torch
    >>> from hdrgen.camera import Gamma, form_image
    >>> ev = torch.tensor([-2.0, 0.0, 2.0])
    >>> stack = form_image(torch.full((3, 1, 1), 0.18), ev, Gamma(), bits=None)
    >>> round(float(merge_debevec(stack, ev, Gamma())[0, 0, 0]), 4)
    0.18
    """
    return weighted_mean(stack, ev, response, weight, LogMean())

"""The exposure between two pictures of a scene without exposure data."""

import torch
from torch import Tensor

from hdrgen.camera import CameraResponse
from hdrgen.fusion import debevec_hat

SMALLEST = 1e-4
"""Least radiance whose logarithm is taken, and least sum of weights divided by: both stay finite where all is black."""


def estimated_ev(image: Tensor, other: Tensor, response: CameraResponse) -> Tensor:
    r"""Exposure of one picture relative to another of the same scene, in stops, from what both show well.

    .. math:: EV = \frac{\sum w\, w' \log_2 (f^{-1}(I') / f^{-1}(I))}{\sum w\, w'}

    :math:`w`, :math:`w'` are Debevec and Malik's weights, 0 at the clip levels. Where all is clipped, 0.

    Args:
        image: `(B, 3, H, W)`, display values in [0, 1].
        other: Same shape.
        response: The response f.

    Returns:
        `(B,)` in stops.

    >>> from hdrgen.camera import Gamma
    >>> image = torch.full((1, 3, 2, 2), 0.3)
    >>> estimated_ev(image, image * 4 ** (1 / 2.2), Gamma(2.2))
    tensor([2.])
    """
    weight = (debevec_hat(image) * debevec_hat(other)).flatten(1)
    stops = [response.inverse(picture).clamp_min(SMALLEST).log2().flatten(1) for picture in (image, other)]
    total = weight.sum(1)
    mean = (weight * (stops[1] - stops[0])).sum(1) / total.clamp_min(SMALLEST)
    return torch.where(total > 0, mean, 0.0)

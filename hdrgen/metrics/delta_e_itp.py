"""Colour difference of HDR images in just noticeable steps: Delta E ITP of ITU-R BT.2124."""

import math

import torch
from torch import Tensor

from hdrgen.metrics.colour import PQ_PEAK, STANDARD, pq_encode
from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.precision import full_precision
from hdrgen.tiling import mean_over_rows

BT709_TO_BT2020 = ((0.6274, 0.3293, 0.0433), (0.0691, 0.9195, 0.0114), (0.0164, 0.0880, 0.8956))
"""Linear colour, ITU-R BT.2087."""
BT2020_TO_LMS = ((1688, 2146, 262), (683, 2951, 462), (99, 309, 3688))
"""In parts of 4096, ITU-R BT.2100."""
LMS_TO_ITP = ((2048, 2048, 0), (6610 / 2, -13613 / 2, 7003 / 2), (17933, -17390, -543))
"""In parts of 4096: intensity, half of Ct, and Cp; of L, M and S through the perceptual quantizer."""
JUST_NOTICEABLE = 720.0
"""Brings a step that is just noticeable, to an eye adapted to it, to 1."""
DARKEST = 1e-9
"""cd/m2: at 0 the slope is infinite. What this adds to black is a hundredth of a just noticeable step."""


def itp_of(rgb: Tensor) -> Tensor:
    """Intensity, tritan and protan of BT.2124, `(*, 3, H, W)`.

    Args:
        rgb: Linear BT.709 in cd/m2, same shape; cut to [1e-9, 10000] as L, M and S.

    >>> grey = itp_of(torch.full((3, 1, 1), 100.0)).flatten()
    >>> [round(value, 3) for value in grey.abs().tolist()]
    [0.508, 0.0, 0.0]
    """
    lms = _times(_times(rgb, BT709_TO_BT2020), BT2020_TO_LMS) / 4096
    return _times(pq_encode(lms.clamp(DARKEST, PQ_PEAK), STANDARD), LMS_TO_ITP) / 4096


@full_precision
def delta_e_itp(image: Tensor, target: Tensor) -> Tensor:
    r"""Mean over pixels of :math:`720 \sqrt{\Delta I^2 + \Delta T^2 + \Delta P^2}`.

    Args:
        image: `(B, 3, H, W)`, linear BT.709 in cd/m2.
        target: Same shape.

    Returns:
        `(B,)`, 0 for equal images; 1 is just noticeable.

    Source: Recommendation ITU-R BT.2124-0, 2019.
    """

    def distance(*pair: Tensor) -> Tensor:
        itp, true_itp = map(itp_of, pair)
        length: Tensor = torch.linalg.vector_norm(itp - true_itp, dim=-3, keepdim=True)
        return length

    return JUST_NOTICEABLE * mean_over_rows(distance, image, target)


class DeltaEITP(ImageMetric):
    """Colour difference of BT.2124, see `delta_e_itp`."""

    domain = "luminance"
    higher_is_better = False
    bounds = (0.0, math.inf)
    reference = (
        "ITU-R BT.2124-0, 2019; objective metric for the assessment of the potential visibility of colour differences"
        " in television."
    )
    outputs = ("delta_e_itp",)

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"delta_e_itp": delta_e_itp(image, target)}


def _times(channels: Tensor, matrix: tuple[tuple[float, ...], ...]) -> Tensor:
    return torch.einsum("ij,...jhw->...ihw", channels.new_tensor(matrix), channels)

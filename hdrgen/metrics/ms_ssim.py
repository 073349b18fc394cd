"""Structural similarity over five scales."""

import torch
import torch.nn.functional as F
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.precision import full_precision
from hdrgen.metrics.windows import WINDOW, Border, mean_similarity

EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weight of each scale, fine to coarse (Wang et al. 2003)."""
SMALLEST_SIDE = WINDOW * 2 ** (len(EXPONENTS) - 1)
"""Pixels that leave one window at the coarsest scale."""


@full_precision
def ms_ssim(image: Tensor, target: Tensor, data_range: float = 1.0, border: Border = "valid") -> Tensor:
    r"""MS-SSIM of each image, :math:`\text{SSIM}_5^{\beta_5} \prod_{s<5} c_s^{\beta_s}`.

    :math:`c_s` is the mean contrast-structure term of `hdrgen.metrics.windows` at scale :math:`s`; a scale
    is the mean of 2 x 2 pixels of the one before. Means are over pixels and channels, as in torchmetrics; a negative
    one, which has no real power, counts as 0.

    Args:
        image: `(B, C, H, W)`.
        target: Same shape.
        data_range: Largest possible value.
        border: See `hdrgen.metrics.ssim`.

    Returns:
        `(B,)`, 1 for equal images.

    Raises:
        InputError: If a side is shorter than 176 pixels.

    Source: Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", 2003.
    """
    if min(image.shape[-2:]) < SMALLEST_SIDE:
        raise InputError(
            f"MS-SSIM needs images of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels,"
            f" found {image.shape[-1]} x {image.shape[-2]}"
        )
    result = torch.ones(image.shape[0], dtype=image.dtype, device=image.device)
    for scale, exponent in enumerate(EXPONENTS, 1):
        mean = mean_similarity(image, target, data_range, border, contrast_only=scale < len(EXPONENTS))
        result = result * _power(mean, exponent)
        image, target = F.avg_pool2d(image, 2), F.avg_pool2d(target, 2)
    return result


def _power(base: Tensor, exponent: float) -> Tensor:
    """`base ** exponent`, and 0 with a gradient of 0 where the base is not positive."""
    positive = base > 0
    return torch.where(positive, torch.where(positive, base, 1).pow(exponent), 0)


class MSSSIM(ImageMetric):
    """MS-SSIM of display values, see `ms_ssim`.

    Args:
        data_range: Largest possible value.
        border: What happens at the border of the image.
    """

    domain = "display"
    higher_is_better = True
    bounds = (0.0, 1.0)
    reference = (
        'Wang, Simoncelli, Bovik: "Multiscale Structural Similarity for Image Quality Assessment", Asilomar 2003.'
    )
    outputs = ("ms_ssim",)

    def __init__(self, data_range: float = 1.0, border: Border = "valid") -> None:
        super().__init__()
        self.data_range = data_range
        self.border = border

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"ms_ssim": ms_ssim(image, target, self.data_range, self.border)}

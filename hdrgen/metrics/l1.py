"""Mean absolute error of each image."""

import math

import torch
from torch import Tensor

from hdrgen.metrics.image_metric import ImageMetric
from hdrgen.metrics.precision import full_precision
from hdrgen.tiling import mean_over_rows


@full_precision
def l1(image: Tensor, target: Tensor) -> Tensor:
    r"""Mean absolute error of each image, :math:`\frac{1}{3HW}\sum |x - y|`.

    Args:
        image: `(B, 3, H, W)`.
        target: Same shape.

    Returns:
        `(B,)`, in the images' own unit.

    >>> import torch
    >>> l1(torch.zeros(1, 3, 2, 2), torch.full((1, 3, 2, 2), 0.5))
    tensor([0.5000])
    """
    return mean_over_rows(lambda *pair: torch.sub(*pair).abs(), image, target)


class L1(ImageMetric):
    """Mean absolute error of display values, see `l1`."""

    domain = "display"
    higher_is_better = False
    bounds = (0.0, math.inf)
    reference = "mean absolute error; no paper"
    outputs = ("l1",)

    def __init__(self) -> None:
        super().__init__()

    def measure(self, image: Tensor, target: Tensor) -> dict[str, Tensor]:
        """See `ImageMetric.measure`."""
        return {"l1": l1(image, target)}

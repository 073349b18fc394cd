"""Local statistics under the Gaussian window of SSIM, for the structural metrics."""

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.tiling import row_slices

WINDOW = 11
"""Pixels on each side of the window."""
RADIUS = WINDOW // 2
SIGMA = 1.5  # pixels; this, the window and _K: Wang et al., "Image quality assessment", 2004, Section III
_K = (0.01, 0.03)  # of the constants that keep both quotients finite where an image is black or flat
STRIP = 2**16
"""Values that are looked at together: what is made of them fits the cache of a processor."""

Border = Literal["valid", "replicate", "reflect"]
"""What happens at the border: only windows inside the image count (Wang et al., scikit-image), or every pixel
has a window, and beyond its border the image goes on with the last pixel (MATLAB's `ssim`) or mirrored about that
(torchmetrics)."""


def mean_similarity(
    image: Tensor, target: Tensor, data_range: float, border: Border = "valid", contrast_only: bool = False
) -> Tensor:
    r"""Compare means, and variances with the covariance, under a window around each pixel.

    With :math:`C_i = (K_i\,\text{range})^2`, :math:`K = (0.01, 0.03)` and weighted moments that are not corrected for
    the sample: :math:`l = \frac{2\mu_x\mu_y + C_1}{\mu_x^2 + \mu_y^2 + C_1}` and
    :math:`c = \frac{2\sigma_{xy} + C_2}{\sigma_x^2 + \sigma_y^2 + C_2}`; SSIM is their product.

    Args:
        image: `(B, C, H, W)`.
        target: Same shape.
        data_range: Largest possible value.
        border: See `Border`.
        contrast_only: Whether c alone is asked for.

    Returns:
        `(B,)`, the mean over all windows and channels.

    Raises:
        InputError: If a side is shorter than the window.
    """
    if min(image.shape[-2:]) < WINDOW:
        raise InputError(
            f"SSIM needs images of at least {WINDOW} x {WINDOW} pixels, found {image.shape[-1]} x {image.shape[-2]}"
        )
    if border != "valid":
        image, target = (F.pad(x, (RADIUS,) * 4, mode=border) for x in (image, target))
    # Variances do not change when a constant is taken away, and rounding hurts them less.
    middle = target.mean((-2, -1), keepdim=True)
    rows = max(WINDOW, STRIP // (image.numel() // image.shape[-2]))
    sums = []
    for inside in row_slices(image.shape[-2] - 2 * RADIUS, rows):
        strip = slice(inside.start, inside.stop + 2 * RADIUS)
        luminance, contrast = _compared(image[..., strip, :], target[..., strip, :], middle, data_range)
        sums.append((contrast if contrast_only else luminance * contrast).sum((1, 2, 3)))
    windows = image.shape[1] * math.prod(side - 2 * RADIUS for side in image.shape[-2:])
    return torch.stack(sums).sum(0) / windows


def _compared(image: Tensor, target: Tensor, middle: Tensor, data_range: float) -> tuple[Tensor, Tensor]:
    """The two factors at every window of some rows, `(B, C, h, w)`."""
    x, y = image - middle, target - middle
    # Of the two variances only the sum is asked for.
    mean_x, mean_y, squares, product = windowed(torch.stack([x, y, x * x + y * y, x * y]))
    spread = squares - mean_x.square() - mean_y.square()
    common = product - mean_x * mean_y
    mean_x, mean_y = mean_x + middle, mean_y + middle
    first, second = ((k * data_range) ** 2 for k in _K)
    return (
        (2 * mean_x * mean_y + first) / (mean_x.square() + mean_y.square() + first),
        (2 * common + second) / (spread + second),
    )


def windowed(maps: Tensor) -> Tensor:
    """Gaussian means of `(..., H, W)` under every window inside, `(..., H - 10, W - 10)`; rows, then columns.

    Weights of equal distance are applied to sums of two: a fifth of the time of torch's convolution on a processor.
    """
    halves = [math.exp(-(step**2) / (2 * SIGMA**2)) for step in range(-RADIUS, 1)]
    weights = [half / (2 * sum(halves) - 1) for half in halves]
    return _weighted(_weighted(maps, -2, weights), -1, weights)


def _weighted(maps: Tensor, dim: int, weights: Sequence[float]) -> Tensor:
    """Weights from the outermost to the middle one, along a dimension."""
    count = maps.shape[dim] - 2 * RADIUS
    means = maps.narrow(dim, RADIUS, count) * weights[-1]
    for start, weight in enumerate(weights[:-1]):
        two = maps.narrow(dim, start, count) + maps.narrow(dim, 2 * RADIUS - start, count)
        means = means.add_(two, alpha=weight)
    return means

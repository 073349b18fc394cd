"""Local statistics under the Gaussian window of SSIM, for the structural metrics."""

from typing import Literal, NamedTuple

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


class Similarity(NamedTuple):
    """The two factors of SSIM at every window, `(B, C, h, w)`."""

    luminance: Tensor
    contrast: Tensor


def similarity(image: Tensor, target: Tensor, data_range: float, border: Border = "valid") -> Similarity:
    r"""Compare means, and variances with the covariance, under a window around each pixel.

    With :math:`C_i = (K_i\,\text{range})^2`, :math:`K = (0.01, 0.03)` and weighted moments that are not corrected for
    the sample: :math:`l = \frac{2\mu_x\mu_y + C_1}{\mu_x^2 + \mu_y^2 + C_1}` and
    :math:`c = \frac{2\sigma_{xy} + C_2}{\sigma_x^2 + \sigma_y^2 + C_2}`; SSIM is their product.

    Args:
        image: `(B, C, H, W)`.
        target: Same shape.
        data_range: Largest possible value.
        border: See `Border`.

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
    strips = []
    for inside in row_slices(image.shape[-2] - 2 * RADIUS, rows):
        strip = slice(inside.start, inside.stop + 2 * RADIUS)
        strips.append(_compared(image[..., strip, :], target[..., strip, :], middle, data_range))
    return Similarity(*(torch.cat(parts, -2) for parts in zip(*strips, strict=True)))


def _compared(image: Tensor, target: Tensor, middle: Tensor, data_range: float) -> Similarity:
    x, y = image - middle, target - middle
    mean_x, mean_y, square_x, square_y, product = windowed(torch.stack([x, y, x * x, y * y, x * y]))
    spread = square_x - mean_x.square() + square_y - mean_y.square()
    common = product - mean_x * mean_y
    mean_x, mean_y = mean_x + middle, mean_y + middle
    first, second = ((k * data_range) ** 2 for k in _K)
    return Similarity(
        (2 * mean_x * mean_y + first) / (mean_x.square() + mean_y.square() + first),
        (2 * common + second) / (spread + second),
    )


def windowed(maps: Tensor) -> Tensor:
    """Gaussian means of `(..., H, W)` under every window inside, `(..., H - 10, W - 10)`; rows, then columns."""
    steps = torch.arange(-RADIUS, RADIUS + 1, dtype=maps.dtype, device=maps.device)
    kernel = torch.softmax(-steps.square() / (2 * SIGMA**2), 0)
    flat = maps.reshape(-1, 1, *maps.shape[-2:])
    means = F.conv2d(F.conv2d(flat, kernel.view(1, 1, -1, 1)), kernel.view(1, 1, 1, -1))
    return means.view(*maps.shape[:-2], *means.shape[-2:])

"""Exposure fusion: the best parts of a stack blended into one display image, without an HDR image in between."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.fusion.pyramid import pyramid_down, pyramid_up, reflected

SPREAD = 0.2  # standard deviation of well-exposedness around mid-grey, in display values
LEAST_WEIGHT = 1e-12  # OpenCV's: where no frame has contrast or colour, all count the same
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Mertens:
    """:func:`merge_mertens` with its parameters, for configurations.

    The stand-in for Photomatix, whose merge and *Contrast Optimizer* preset are closed: say so beside every number
    made with it.

    Example:
        >>> stack = torch.stack([torch.full((3, 8, 8), value) for value in (0.1, 0.5, 0.9)])
        >>> round(float(Mertens()(stack)[0, 0, 0]), 4)
        0.5
    """

    contrast: float = 1.0
    saturation: float = 1.0
    exposure: float = 1.0

    def __post_init__(self) -> None:
        _check(self.contrast, self.saturation, self.exposure)

    def __call__(self, stack: Tensor) -> Tensor:
        """(..., S, 3, H, W) to (..., 3, H, W)."""
        return merge_mertens(stack, contrast=self.contrast, saturation=self.saturation, exposure=self.exposure)


def merge_mertens(stack: Tensor, *, contrast: float = 1.0, saturation: float = 1.0, exposure: float = 1.0) -> Tensor:
    r"""Blend exposures by how well each shows the scene, band by band of a Laplacian pyramid.

    Each pixel of frame k weighs :math:`W_k = C^{w_C} S^{w_S} E^{w_E}`: contrast, the absolute Laplacian of its luma;
    saturation, the spread of its channels; and well-exposedness
    :math:`\prod_c \exp(-(z_c - 1/2)^2 / 2\sigma^2)`, :math:`\sigma = 0.2`. Weights are normalised over the frames,
    and level l of the result is :math:`\sum_k G_l(W_k)\,L_l(Z_k)` with Gaussian and Laplacian pyramids down to two or
    three pixels. No exposure values are needed, and the result is display-encoded as the frames are.

    This is OpenCV's ``MergeMertens(contrast, saturation, exposure)``, with its borders, pyramid depth and BT.601 luma,
    clipped to [0, 1]. Its default for ``exposure`` is 0; the paper and this function have 1.

    Args:
        stack: display values in [0, 1], (..., S, 3, H, W), frames in any order; half precision computes in float32.
        contrast: exponent of contrast, 0 leaves it out.
        saturation: exponent of saturation.
        exposure: exponent of well-exposedness.

    Returns:
        Display values in [0, 1], (..., 3, H, W). Differentiable.

    Raises:
        InputError: a negative exponent, or no stack of RGB frames.

    Source: Mertens, Kautz and Van Reeth, "Exposure fusion", 2007, Eq. 1-3.

    Example:
        >>> stack = torch.rand(2, 3, 3, 20, 31, generator=torch.Generator().manual_seed(0))
        >>> tuple(merge_mertens(stack).shape)
        (2, 3, 20, 31)
    """
    _check(contrast, saturation, exposure)
    if stack.ndim < 4 or stack.shape[-3] != 3 or not stack.numel():
        raise InputError(f"exposure fusion: expected a stack (..., S, 3, H, W), found shape {tuple(stack.shape)}")
    frames = stack if stack.dtype == torch.float64 else stack.float()
    weights = _weights(frames, contrast, saturation, exposure)
    levels = int(math.log2(min(frames.shape[-2:])))
    fused = _blend(frames, weights / weights.sum(-4, keepdim=True), levels)
    return fused.clamp(0, 1)


def _weights(frames: Tensor, contrast: float, saturation: float, exposure: float) -> Tensor:
    """Weight of every pixel, (..., S, 1, H, W)."""
    total = torch.full_like(frames[..., :1, :, :], 1.0)
    if contrast:
        total = total * _power(_laplacian(_luma(frames)).abs(), contrast)
    if saturation:
        spread = (frames - frames.mean(-3, keepdim=True)).square().sum(-3, keepdim=True)
        total = total * _power(spread, saturation / 2)
    if exposure:
        total = total * (-((frames - 0.5) ** 2).sum(-3, keepdim=True) * (exposure / (2 * SPREAD**2))).exp()
    return total + LEAST_WEIGHT


def _power(x: Tensor, exponent: float) -> Tensor:
    """A positive power; at 0, where the slope of powers below 1 is infinite, the gradient is 0."""
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, torch.ones_like(x)) ** exponent, torch.zeros_like(x))


def _luma(frames: Tensor) -> Tensor:
    red, green, blue = (weight * frames[..., i : i + 1, :, :] for i, weight in enumerate(_LUMA))
    return red + green + blue


def _laplacian(image: Tensor) -> Tensor:
    """Sum of the four neighbours less four times the pixel, mirrored about the edge pixels."""
    rows, columns = reflected(image, -2, 1), reflected(image, -1, 1)
    vertical = rows[..., :-2, :] + rows[..., 2:, :]
    horizontal = columns[..., :-2] + columns[..., 2:]
    return vertical + horizontal - 4 * image


def _blend(frames: Tensor, weights: Tensor, levels: int) -> Tensor:
    """Sum over the frames of their Laplacian pyramids times the Gaussian pyramids of their weights, collapsed."""
    bands = []
    for _ in range(levels):
        coarser = pyramid_down(frames)
        detail = frames - pyramid_up(coarser, frames.shape[-2:])
        bands.append((detail * weights).sum(-4))
        frames, weights = coarser, pyramid_down(weights)
    fused = (frames * weights).sum(-4)
    for band in reversed(bands):
        fused = pyramid_up(fused, band.shape[-2:]) + band
    return fused


def _check(contrast: float, saturation: float, exposure: float) -> None:
    for name, value in {"contrast": contrast, "saturation": saturation, "exposure": exposure}.items():
        if not (value >= 0 and math.isfinite(value)):
            raise InputError(f"exposure fusion: expected a {name} exponent of 0 or more, found {value}")

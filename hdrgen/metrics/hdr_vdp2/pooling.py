"""From differences of bands to numbers: quality, and the probability that somebody sees a difference."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hdrgen.tiling import mean_by_strips

_FLOOR = 1e-12  # what the release adds before a logarithm or a division
# `quality_band_freq` (cycles per degree) and `quality_band_w` of release 2.2.1, fitted to the opinions on LDR and HDR
# images of Narwaria et al. 2015; below, the same of release 2.2.0, which had the seven coarser bands only.
_FREQUENCIES = (60, 30, 15, 7.5, 3.75, 1.875, 0.9375, 0.4688, 0.2344, 0.1172)
_WEIGHTS = (0, 0.2832, 0.2832, 0.2142, 0.2690, 0.0398, 0.0003, 0.0003, 0, 0)
_FREQUENCIES_220 = (15, 7.5, 3.75, 1.875, 0.9375, 0.4688, 0.2344)
_WEIGHTS_220 = (0.2832, 0.2142, 0.2690, 0.0398, 0.0003, 0.0003, 0.0002)


class Weights(NamedTuple):
    """What a plane of each band counts."""

    quality: tuple[float, ...]
    """In Q of release 2.2.1."""
    dissimilarity: tuple[float, ...]
    """In the dissimilarity of release 2.2.0."""


def band_weights(frequencies: Sequence[float]) -> Weights:
    """Interpolate the releases' tables at the bands' frequencies in cycles per degree.

    >>> band_weights([20.0]).quality
    (0.2832,)
    """
    return Weights(
        _interpolate(frequencies, _FREQUENCIES, _WEIGHTS), _interpolate(frequencies, _FREQUENCIES_220, _WEIGHTS_220)
    )


def _interpolate(x: Sequence[float], knots: Sequence[float], values: Sequence[float]) -> tuple[float, ...]:
    return tuple(np.interp(x, knots[::-1], values[::-1]).tolist())


def band_error(difference: Tensor, changed: Tensor) -> Tensor:
    r"""Of each plane, relative to the smallest that counts: :math:`\frac{1}{N}\sqrt{\sum (D\,w)^2} \,/\, 10^{-12}`.

    The root is of the sum, not of the mean: this is the release's definition, and depends on the size of the image.

    Args:
        difference: `(B, K, h, w)`.
        changed: How much each pixel changed at all, `(B, 1, h, w)`.

    Returns:
        `(B, K)`.
    """

    def rows_of(start: int, stop: int) -> Tensor:
        return (difference[..., start:stop, :] * changed[..., start:stop, :]).square()

    pixels = difference[0, 0].numel()
    total = mean_by_strips(rows_of, difference.shape[-2:])[..., 0, 0] * pixels
    # The root has no gradient at 0. Identical images shall have one: 0.
    equal = total == 0
    root = torch.where(equal, 1, total).sqrt().masked_fill(equal, 0)
    return root / (pixels * _FLOOR)


def quality(errors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    r"""Q of HDR-VDP 2.2.1: :math:`100 - \sum w \ln(1 + E / 10^{-12})`; 100 for images that are equal, no lower bound.

    Args:
        errors: :math:`E / 10^{-12}` of each plane, `(B, K)` for each band.
        weights: One for each band.

    Returns:
        `(B,)`.
    """
    return 100 - _weighted(errors, weights)


def mean_opinion_220(errors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    r"""Q_MOS of HDR-VDP 2.2.0, which its author withdrew: :math:`100 / (1 + e^{3.455 (Q' + 0.8886)})`.

    :math:`Q'` is the mean of :math:`w \ln(E + 10^{-12})` over all planes; arguments as of `quality`.
    """
    planes = sum(error.shape[1] for error in errors)
    offset = math.log(_FLOOR) * sum(w * error.shape[1] for w, error in zip(weights, errors, strict=True))
    # 3.455 and 0.8886 are `quality_logistic_q1` and `_q2` of that release.
    dissimilarity = (_weighted(errors, weights) + offset) / planes
    return 100 * torch.sigmoid(-3.455 * (dissimilarity + 0.8886))


def _weighted(errors: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    return torch.stack([w * error.log1p().sum(1) for w, error in zip(weights, errors, strict=True)]).sum(0)


def contrast_map(visible: Tensor, spatial_pooling: bool) -> Tensor:
    r"""Visible contrast at each pixel, `(B, 1, H, W)`, 1 at the threshold.

    Spatial pooling multiplies the magnitude by its sum over the image, over its maximum: large areas of a difference
    are easier to see.

    Args:
        visible: The joined differences of all bands, `(B, H, W)`.
        spatial_pooling: Whether to do so.
    """
    magnitude = visible.abs()[:, None]
    if not spatial_pooling:
        return magnitude
    return magnitude * magnitude.sum((2, 3), keepdim=True) / (magnitude.amax((2, 3), keepdim=True) + _FLOOR)


def detection_probability(contrast: Tensor) -> Tensor:
    r"""That a difference is seen: :math:`1 - 0.5^C`, one half at the threshold."""
    return -torch.expm1(-math.log(2) * contrast)

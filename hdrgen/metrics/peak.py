"""The truth's peak, which makes linear radiance of any scale comparable in [0, 1]."""

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.precision import promote

PEAK_QUANTILE = 0.999
"""Default share of the truth's values below its peak: a few specular pixels do not set the scale of all others."""


def peak_of(target: Tensor, quantile: float) -> Tensor:
    """The given quantile of each image `(B, 3, H, W)`, as `(B, 1, 1, 1)`; by rank, without interpolation.

    Raises:
        InputError: If the quantile is not above 0, or above 1.

    >>> peak_of(torch.arange(1.0, 13.0).view(1, 3, 2, 2), 0.5).item()
    6.0
    """
    if not 0 < quantile <= 1:
        raise InputError(f"expected a quantile of the peak in (0, 1], found {quantile}; pass 1 for the largest value")
    values = promote(target).flatten(1)
    peak = value_at(values, max(1, round(quantile * values.shape[1])))
    return peak.clamp_min(torch.finfo(torch.float32).tiny).view(-1, 1, 1, 1)


def value_at(values: Tensor, rank: int) -> Tensor:
    """The `rank`-th smallest value of each row `(B, N)`, counted from 1; `torch.quantile` ends at 16 million values."""
    return values.kthvalue(rank, dim=1).values


def relative_to_peak(radiance: Tensor, target: Tensor, quantile: float) -> tuple[Tensor, Tensor]:
    """Both images over the target's peak, cut to [0, 1].

    Args:
        radiance: `(B, 3, H, W)`, linear, on the scale of `target`.
        target: Same shape.
        quantile: Share of the target's values below its peak; 1 takes the largest.
    """
    peak = peak_of(target, quantile)
    return (promote(radiance) / peak).clamp(0, 1), (promote(target) / peak).clamp(0, 1)

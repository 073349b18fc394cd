"""The truth's peak, which makes linear radiance of any scale comparable in [0, 1]."""

from typing import Literal

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.precision import promote
from hdrgen.tiling import PairOfRows, both_by_rows, value_at

PEAK_QUANTILE = 0.999
"""Default share of the truth's values below its peak: a few specular pixels do not set the scale of all others."""


BeyondPeak = Literal["score", "clip"]
"""What becomes of a result that is brighter than the truth and than its peak: an error like others, or nothing."""
FARTHEST = 1e15
"""Times the peak: the square is still a float32."""


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
    peak: Tensor = value_at(values, max(1, round(quantile * values.shape[1])))
    return peak.clamp_min(torch.finfo(torch.float32).tiny).view(-1, 1, 1, 1)


def relative_to_peak(
    radiance: Tensor, target: Tensor, quantile: float, beyond_peak: BeyondPeak = "score"
) -> tuple[Tensor, Tensor]:
    r"""Both images over the target's peak, the target cut to [0, 1].

    With t and x the target and the radiance over the peak, `clip` makes :math:`\min(x, 1)` of the radiance, for which
    highlights a thousand times too bright are perfect. `score` adds what exceeds both peak and target,
    :math:`\max(x - \max(t, 1), 0)`; what lies between the two is the peak for either.

    Args:
        radiance: `(B, 3, H, W)`, linear, on the scale of `target`.
        target: Same shape.
        quantile: Share of the target's values below its peak; 1 takes the largest.
        beyond_peak: `score` or `clip`.

    Raises:
        InputError: Another quantile or `beyond_peak`.

    >>> truth = torch.tensor([1.0, 2.0, 8.0, 16.0]).view(1, 1, 2, 2)
    >>> relative_to_peak(4 * truth, truth, 0.75)[0].flatten().tolist()  # the peak is 8
    [0.5, 1.0, 4.0, 7.0]
    """
    return both_by_rows(relative_rows(target, quantile, beyond_peak), radiance, target)


def relative_rows(target: Tensor, quantile: float, beyond_peak: BeyondPeak = "score") -> PairOfRows:
    """`relative_to_peak` for some rows at a time; the peak is the whole target's.

    Raises:
        InputError: Another quantile or `beyond_peak`.
    """
    if beyond_peak not in ("score", "clip"):
        raise InputError(f"expected beyond_peak 'score' or 'clip', found {beyond_peak!r}", argument="beyond_peak")
    peak = peak_of(target, quantile)

    def rows_of(image: Tensor, true_image: Tensor) -> tuple[Tensor, Tensor]:
        result, truth = (promote(x) / peak for x in (image, true_image))
        shown = result.clamp(0, 1)
        if beyond_peak == "score":
            shown = shown + (result - truth.clamp_min(1)).clamp(0, FARTHEST)
        return shown, truth.clamp(0, 1)

    return rows_of

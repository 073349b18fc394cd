"""What InverseCamera is trained by: exposures through the true camera, the curve itself, and stops above white."""

from typing import NamedTuple

import torch
from torch import Tensor

from hdrgen.methods.inverse_camera.curve import response_of
from hdrgen.methods.inverse_camera.summary import NEARLY_WHITE

QUANTILES = (0.5, 0.85)
"""Of the stops above white: a median, and an upper one for small lights."""
HIGHEST = 8.0
"""Stops above white that the truth counts for at most."""
ROUNDING = 12**-0.5 / 255
"""Root mean square error of a display value of 8 bits."""
SHADOW = 2.0**-12
"""Exposure, where 1 is white, below which logarithms are not compared: an 8-bit photograph knows nothing there."""


class Losses(NamedTuple):
    """The terms, () each."""

    exposures: Tensor
    radiance: Tensor
    curve: Tensor
    stops: Tensor


def pinball(prediction: Tensor, truth: Tensor, quantile: float) -> Tensor:
    r"""The loss that a quantile minimises: :math:`\max(q d, (q - 1) d)` with :math:`d = y - \hat y`, any shape.

    Source: Koenker and Bassett, "Regression quantiles", 1978.

    >>> pinball(torch.tensor([0.0, 2.0]), torch.tensor([1.0, 1.0]), 0.75).tolist()
    [0.75, 0.25]
    """
    difference = truth - prediction
    return torch.maximum(quantile * difference, (quantile - 1) * difference)


def stops_loss(stops: Tensor, clipped: Tensor, radiance: Tensor) -> Tensor:
    """Pinball losses of the quantiles, in the mean over clipped pixels; each image counts as the root of its share.

    Args:
        stops: `(B, 2, H, W)`, predicted quantiles of stops above white.
        clipped: `(B, 1, H, W)`, 1 where the photograph is clipped.
        radiance: `(B, 3, H, W)`, where 1 is white.
    """
    truth = radiance.amax(1, keepdim=True).clamp(1, 2**HIGHEST).log2()
    each = sum(pinball(stops[:, i : i + 1], truth, q) for i, q in enumerate(QUANTILES))
    share = clipped.mean((1, 2, 3))
    mean = (each * clipped).mean((1, 2, 3)) / share.clamp_min(1e-6)
    weight = share.sqrt()
    return (mean * weight).sum() / weight.sum().clamp_min(1e-3)


def curve_loss(curve: Tensor, truth: Tensor) -> Tensor:
    """Mean difference of inverse responses in stops over display values from 0.04 on.

    Args:
        curve: `(B, N)`, at equidistant display values.
        truth: `(B, M)`, likewise.
    """
    levels = torch.linspace(0.04, 1, 64, device=curve.device)
    return (_at(curve, levels) - _at(truth, levels)).abs().mean()


def exposure_errors(curve: Tensor, truth: Tensor, histogram: Tensor, ev: Tensor) -> Tensor:
    """Root mean square errors `(B, K)` of the exposures that a curve makes of a photograph's display values.

    Only the histogram of the photograph is needed, so that thousands of photographs pass in a second. White is left
    out: what it becomes is not the curve's to say.

    Args:
        curve: `(B, N)`, at equidistant display values.
        truth: `(B, M)`, likewise.
        histogram: `(B, 3, 64)`, of `histogram_of`.
        ev: Exposures in stops (K,).
    """
    values = torch.linspace(0, 1, histogram.shape[-1], device=curve.device).square()
    shares = histogram.square().mean(1) * (values < NEARLY_WHITE[1])
    factors = ev.exp2().view(-1, 1, 1, 1)
    made, true = (
        response_of(each)(
            (response_of(each).inverse(values.expand(len(each), 1, 1, -1))[:, None] * factors).clamp(0, 1)
        )
        for each in (curve, truth)
    )
    squared = ((made - true).square().flatten(2) * shares[:, None]).sum(-1)
    return (squared + ROUNDING**2).sqrt()


def _at(curve: Tensor, levels: Tensor) -> Tensor:
    """Stops of curves `(B, N)` at display values (L,)."""
    return response_of(curve).inverse(levels.expand(len(curve), 1, 1, -1)).clamp_min(SHADOW).log2()

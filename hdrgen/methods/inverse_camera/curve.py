"""Inverse responses as monotone curves: the mean of cameras, and smooth deviations from it."""

import math

import torch
from torch import Tensor, nn

from hdrgen.camera import EstimatedResponse, Sigmoid

LEVELS = 256
"""Display values at which a curve is given: every code of 8 bits."""
BASIS = 8
"""Smooth functions that the logarithm of its slope may deviate by."""


class CurveFamily(nn.Module):
    r"""Inverse responses :math:`g` with :math:`g(0) = 0, g(1) = 1`, by coefficients of their deviation from the mean.

    .. math:: g(k / 255) \propto \sum_{j \le k} \exp(b_j + \sum_i c_i \phi_i(j))

    b are the log steps of the sigmoid (0.9, 0.6), the mean of cameras that HDRCNN fitted; :math:`\phi_i` are cosines
    over a logarithmic axis, on which the shadows have as much room as the lights. Any coefficients give a curve that
    rises; zeros give the mean.
    """

    mean: Tensor
    basis: Tensor

    def __init__(self) -> None:
        super().__init__()
        levels = torch.linspace(0, 1, LEVELS)
        self.register_buffer("mean", Sigmoid(0.9, 0.6).inverse(levels).diff().clamp_min(1e-9).log(), persistent=False)
        centre = (levels[1:] + levels[:-1]) / 2
        axis = torch.log1p(30 * centre) / math.log(31)
        waves = torch.arange(1, BASIS + 1)[:, None]
        self.register_buffer("basis", torch.cos(math.pi * waves * axis), persistent=False)

    def forward(self, coefficients: Tensor) -> Tensor:
        """Sensor exposures `(B, 256)` of the display values 0, 1/255, ..., 1; `coefficients` is `(B, 8)`."""
        steps = torch.softmax(self.mean + coefficients.float() @ self.basis, -1)
        rising = steps.cumsum(-1).clamp_max(1)  # rounding may end above
        return torch.cat([torch.zeros_like(rising[:, :1]), rising[:, :-1], torch.ones_like(rising[:, :1])], -1)


def response_of(curves: Tensor) -> EstimatedResponse:
    """The responses whose inverses are `curves`, `(B, N)` or by channel `(B, 3, N)`, for images `(B, ..., 3, H, W)`."""
    return EstimatedResponse.unchecked(curves[:, None] if curves.ndim == 2 else curves)

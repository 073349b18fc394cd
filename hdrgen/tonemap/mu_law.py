"""The mu-law: the logarithmic compression in which HDR errors are usually measured."""

import math

import torch
from torch import Tensor

from hdrgen.errors import InputError


def mu_law(x: Tensor, mu: float = 5000.0) -> Tensor:
    r"""Compress linear radiance: :math:`T(x) = \ln(1 + \mu x) / \ln(1 + \mu)`.

    0 and 1 stay where they are; values above 1 grow on, negative ones mirror.

    Args:
        x: linear radiance relative to the chosen white, any shape.
        mu: positive; 5000 in most papers, 100 or 500 in some public code.

    Source: Kalantari and Ramamoorthi, "Deep high dynamic range imaging of dynamic scenes", 2017, Eq. 5.

    Example:
        >>> round(float(mu_law(torch.tensor(0.01))), 4)
        0.4616
    """
    return x.sign() * torch.log1p(_positive(mu) * x.abs()) / math.log1p(mu)


def inverse_mu_law(y: Tensor, mu: float = 5000.0) -> Tensor:
    r"""Undo :func:`mu_law`: :math:`x = ((1 + \mu)^y - 1) / \mu`.

    Example:
        >>> round(float(inverse_mu_law(mu_law(torch.tensor(0.3)))), 4)
        0.3
    """
    return y.sign() * torch.expm1(y.abs() * math.log1p(_positive(mu))) / mu


def _positive(mu: float) -> float:
    if not (mu > 0 and math.isfinite(mu)):
        raise InputError(f"expected a positive mu, found {mu}: pass 5000, the usual choice")
    return mu

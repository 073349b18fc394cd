"""The loss of Kalantari and Ramamoorthi 2017, and the truth that it compares with."""

import torch
from torch import Tensor

from hdrgen.methods.frames import REFERENCE
from hdrgen.tonemap import mu_law

MIDDLE = 0.5
"""Display value below which the reference counts as dark, and above which as bright."""


def mu_law_square_sum(radiance: Tensor, truth: Tensor, mu: float = 5000.0) -> Tensor:
    r"""Sum of squared differences after the mu-law, :math:`\sum (T(\hat H) - T(H))^2`, in float32.

    Args:
        radiance: Linear, in [0, 1], any shape; gradients flow here.
        truth: The same way.
        mu: Of T.

    >>> mu_law_square_sum(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 1.0])).item()
    2.0
    """
    return (mu_law(radiance.float(), mu) - mu_law(truth.float(), mu)).square().sum()


def reachable(truth: Tensor, ldr: Tensor, linear: Tensor, missing: Tensor) -> Tensor:
    """The truth, replaced by what the reference shows where nothing better can be known.

    That is where the reference is dark and the bright exposure does not show the scene, or it is bright and the dark
    exposure does not.

    Args:
        truth: `(B, 3, H, W)`.
        ldr: `(B, 3, 3, H, W)` display values of the aligned exposures.
        linear: The radiance that they show.
        missing: `(B, 3, 1, H, W)`, where each does not show the scene.
    """
    reference, dark, bright = ldr[:, REFERENCE], missing[:, 0], missing[:, 2]
    lost = ((reference < MIDDLE) & bright) | ((reference > MIDDLE) & dark)
    return torch.where(lost, linear[:, REFERENCE], truth)

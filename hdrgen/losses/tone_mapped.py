"""Distance of radiance as it is seen: after the mu-law."""

from typing import Literal

from torch import Tensor

from hdrgen.tonemap import mu_law


def mu_law_l1(radiance: Tensor, truth: Tensor, mu: float = 5000.0) -> Tensor:
    r"""Mean absolute difference after the mu-law, :math:`\frac1n \lVert T(\hat H) - T(H) \rVert_1`, in float32.

    Args:
        radiance: Linear, relative to a white that is 1, any shape; gradients flow here.
        truth: The same way.
        mu: Of T, see `hdrgen.tonemap.mu_law`.

    Source: Yan et al., "Attention-guided network for ghost-free high dynamic range imaging", 2019, Eq. 5 and 6.

    >>> import torch
    >>> round(mu_law_l1(torch.tensor([0.0, 1.0]), torch.tensor([0.01, 1.0])).item(), 4)
    0.2308
    """
    return (mu_law(radiance.float(), mu) - mu_law(truth.float(), mu)).abs().mean()


def mu_law_square(
    radiance: Tensor, truth: Tensor, mu: float = 5000.0, reduction: Literal["mean", "sum"] = "mean"
) -> Tensor:
    r"""Squared difference after the mu-law, :math:`(T(\hat H) - T(H))^2`, in float32.

    Args:
        radiance: Linear, relative to a white that is 1, any shape; gradients flow here.
        truth: The same way.
        mu: Of T, see `hdrgen.tonemap.mu_law`.
        reduction: Of all values: their mean, or their sum.

    Source: Kalantari and Ramamoorthi, "Deep high dynamic range imaging of dynamic scenes", 2017 (the sum).

    >>> import torch
    >>> black, white = torch.zeros(2), torch.ones(2)
    >>> mu_law_square(black, white).item(), mu_law_square(black, white, reduction="sum").item()
    (1.0, 2.0)
    """
    squares = (mu_law(radiance.float(), mu) - mu_law(truth.float(), mu)).square()
    return squares.sum() if reduction == "sum" else squares.mean()

"""The loss of Wu et al. 2018."""

from torch import Tensor

from hdrgen.tonemap import mu_law


def mu_law_square(radiance: Tensor, truth: Tensor, mu: float = 5000.0) -> Tensor:
    r"""Mean squared difference after the mu-law, each value in [-1, 1]: :math:`(2 T(\hat H) - 2 T(H))^2`, in float32.

    Args:
        radiance: Linear, in [0, 1], any shape; gradients flow here.
        truth: The same way.
        mu: Of T.

    >>> import torch
    >>> mu_law_square(torch.tensor([0.0]), torch.tensor([1.0])).item()
    4.0
    """
    return (2 * (mu_law(radiance.float(), mu) - mu_law(truth.float(), mu))).square().mean()

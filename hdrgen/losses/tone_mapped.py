"""Distance of radiance as it is seen: after the mu-law."""

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

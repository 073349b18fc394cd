"""The loss of Eilertsen et al. 2017: logarithms of radiance, apart in illumination and reflectance."""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.nn import LOG_FLOOR

LUMINANCE = (0.213, 0.715, 0.072)
SIDE = 13
"""Of the filter that illumination is smoothed by, in pixels."""
REACH = 2.0
"""Its deviations from the centre to the border."""


def log_loss(log_radiance: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    r"""Masked squared error of log radiance, :math:`\mathrm{mean}\,(m (y - \log(H + \epsilon)))^2`.

    Args:
        log_radiance: y, `(B, 3, H, W)`; gradients flow here.
        target: H, linear radiance of the same shape.
        mask: m, `(B, 1, H, W)`.

    Source: Eilertsen et al. 2017, Eq. 3.
    """
    y, wanted, mask = log_radiance.float(), (target.float() + LOG_FLOOR).log(), mask.float()
    return (mask * (y - wanted)).square().mean()


def separated_loss(log_radiance: Tensor, target: Tensor, mask: Tensor, illumination_weight: float = 0.5) -> Tensor:
    r"""Masked squared errors of illumination and reflectance, :math:`\lambda\,L_I + (1 - \lambda)\,L_R`.

    Illumination is the smoothed logarithm of luminance, reflectance what is left of each channel's logarithm. The mask
    weighs the squares here, and is squared itself in `log_loss`: so in the authors' code.

    Args:
        log_radiance: y, `(B, 3, H, W)`; gradients flow here.
        target: H, linear radiance of the same shape.
        mask: m, `(B, 1, H, W)`.
        illumination_weight: lambda.

    Source: Eilertsen et al. 2017, Eq. 5 to 7.
    """
    with torch.autocast(log_radiance.device.type, enabled=False):
        y, wanted, mask = log_radiance.float(), (target.float() + LOG_FLOOR).log(), mask.float()
        light, wanted_light = illumination(y), illumination(wanted)
        of_light = (mask * (light - wanted_light).square()).mean()
        of_surfaces = (mask * ((y - light) - (wanted - wanted_light)).square()).mean()
        return illumination_weight * of_light + (1 - illumination_weight) * of_surfaces


def illumination(log_radiance: Tensor) -> Tensor:
    """The smoothed logarithm of luminance `(B, 1, H, W)` of log radiance `(B, 3, H, W)`, whose floor is in it."""
    share = torch.tensor(LUMINANCE, device=log_radiance.device).log().view(3, 1, 1)
    # The weights add up to 1: the luminance of exp(y) - floor, plus the floor, is the luminance of exp(y).
    light = torch.logsumexp(log_radiance + share, 1, keepdim=True)
    kernel = _kernel().to(light)
    light = functional.conv2d(light, kernel.view(1, 1, -1, 1), padding=(SIDE // 2, 0))
    return functional.conv2d(light, kernel.view(1, 1, 1, -1), padding=(0, SIDE // 2))


@cache
def _kernel() -> Tensor:
    """One side of the filter `(13,)`: its square holds the shares of a normal distribution in 13 equal intervals."""
    half = REACH + (2 * REACH + 1) / SIDE / 2
    edges = torch.linspace(-half, half, SIDE + 1, dtype=torch.float64)
    share: Tensor = torch.special.ndtr(edges).diff().sqrt()
    return (share / share.sum()).float()

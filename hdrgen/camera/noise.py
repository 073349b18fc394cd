"""The noise of a sensor."""

import torch
from torch import Tensor

SATURATED = 16.0  # beyond it noise makes no difference to what is white


def add_noise(
    exposure: Tensor, generator: torch.Generator, *, full_well: float = 20000.0, read_noise: float = 4.0
) -> Tensor:
    r"""Photon and read noise of a linear sensor exposure: :math:`(P(X F) + N(0, r)) / F`.

    The model that `hdrgen.fusion.SensorNoise` weighs by. Nothing is clipped here: as in a camera, what is above
    white after the noise is clipped when it is encoded, so that saturated pixels are white and not noisy.

    Args:
        exposure: X, 1 at the full well, any shape.
        generator: Draws the noise.
        full_well: F, electrons.
        read_noise: Its standard deviation r, electrons.

    Returns:
        Sensor exposure; negative values are noise around black.

    >>> noisy = add_noise(torch.full((100, 100), 0.25), torch.Generator().manual_seed(0))
    >>> round(float(noisy.mean()), 3), round(float(noisy.std()), 4)  # std sqrt(0.25 / 20000)
    (0.25, 0.0036)
    """
    electrons = torch.poisson(exposure.clamp(0, SATURATED) * full_well, generator)
    read = torch.randn(exposure.shape, generator=generator, device=exposure.device) * read_noise
    return (electrons + read) / full_well

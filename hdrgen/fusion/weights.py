"""How much a display value says about the scene: weights from display value in [0, 1] to [0, 1].

Every weight is exactly 0 at the clip levels 0 and 1, and any function of that kind can be passed to a merge.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from hdrgen.camera import SRGB, CameraResponse, triangle

__all__ = ["SensorNoise", "Weight", "debevec_hat", "gaussian", "sensor_noise", "triangle"]

Weight = Callable[[Tensor], Tensor]

GUARD = 0.01  # debevec_hat ignores this much of the display range at either end
SPREAD = 0.2  # standard deviation of `gaussian`, in display values
SHOULDER = 0.05  # sensor_noise fades out over this much of the display range below white


def debevec_hat(display: Tensor) -> Tensor:
    r"""The triangle with a guard band: :math:`w(z) = \max(0, \min(z - g, 1 - g - z)) / (1/2 - g)`, g = 0.01.

    The last codes before clipping are the least trustworthy: noise and rounding have been cut off at one side.

    Example:
        >>> [round(value, 4) for value in debevec_hat(torch.tensor([0.0, 0.01, 0.255, 0.5, 0.995])).tolist()]
        [0.0, 0.0, 0.5, 1.0, 0.0]
    """
    # The same function as min(z, 1 - z) with the guard taken off, in three passes over the pixels.
    return ((display - 0.5).abs().neg().add(0.5 - GUARD) / (0.5 - GUARD)).clamp_min(0)


def gaussian(display: Tensor) -> Tensor:
    r"""A bell around mid-grey, lowered to meet zero: :math:`w = (G(z) - G(0)) / (1 - G(0))`.

    :math:`G(z) = \exp(-(z - 1/2)^2 / 2\sigma^2)`, :math:`\sigma` = 0.2 as in exposure fusion.

    Example:
        >>> [round(value, 4) for value in gaussian(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist()]
        [0.0, 0.4329, 1.0, 0.0]
    """
    floor = torch.exp(torch.tensor(-0.125 / SPREAD**2, dtype=display.dtype, device=display.device))
    bell = torch.exp(-((display - 0.5) ** 2) / (2 * SPREAD**2))
    return ((bell - floor) / (1 - floor)).clamp_min(0)


@dataclass(frozen=True)
class SensorNoise:
    r"""The inverse variance of log exposure: :math:`w = X^2 / (X/F + (r/F)^2 + q^2)`, scaled to 1 at white.

    :math:`X = f^{-1}(z)` has photon noise :math:`X/F`, read noise :math:`r/F`, and rounding
    :math:`q = X'(z)\,/\,((2^b - 1)\sqrt{12})`. Optimal for the log-domain merge of a static scene. Just below white,
    where noise is cut off at one side, it fades to 0.

    Source: the compound-Gaussian model of Granados et al., "Optimal HDR reconstruction with linear digital cameras",
    2010, with the rounding of a display-referred image added.

    Args:
        response: the camera's curve, one for all channels.
        full_well: photo-electrons at display value 1.
        read_noise: read noise in electrons.
        bits: the bits of the image.
    """

    response: CameraResponse
    full_well: float = 20000.0
    read_noise: float = 4.0
    bits: int = 8

    def __call__(self, display: Tensor) -> Tensor:
        """Weight of display values (any shape)."""
        step = 1 / (2**self.bits - 1)
        exposure = self.response.inverse(display)
        rounding = (self.response.inverse(display + step / 2) - self.response.inverse(display - step / 2)) / 12**0.5
        noise = exposure / self.full_well + (self.read_noise / self.full_well) ** 2 + rounding**2
        shoulder = ((1 - display) / SHOULDER).clamp(0, 1)
        return torch.where(display > 0, exposure**2 / (noise * self.full_well) * shoulder, torch.zeros_like(display))


def sensor_noise(display: Tensor) -> Tensor:
    """:class:`SensorNoise` of an 8-bit sRGB camera with a full well of 20,000 electrons.

    Example:
        >>> [round(value, 3) for value in sensor_noise(torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0])).tolist()]
        [0.0, 0.03, 0.193, 0.538, 0.0]
    """
    return _SRGB_NOISE(display)


_SRGB_NOISE = SensorNoise(SRGB())

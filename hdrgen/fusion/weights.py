"""How reliable a display value is: weights from display value in [0, 1] to [0, 1].

Every weight is exactly 0 at the clip levels 0 and 1, and any function of that kind can be passed to a merge.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from hdrgen.array_kinds import Values, for_both, like, namespace
from hdrgen.camera import SRGB, CameraResponse, triangle, uniform_linear

__all__ = ["SensorNoise", "Weight", "debevec_hat", "gaussian", "sensor_noise", "triangle"]

Weight = Callable[[Any], Any]
"""From display values to weights; of `hdrgen.array_kinds.for_both`, photographs are merged without torch."""

GUARD = 0.01  # ignored at either end of the display range: noise and rounding have been cut off at one side there
SPREAD = 0.2  # standard deviation of `gaussian`, in display values
LEVELS = 1021  # 4 x 255 + 1: every 8-bit code is a knot
SHOULDER = 0.05  # sensor_noise fades out over this much of the display range below white


@for_both
def debevec_hat(display: Values) -> Values:
    r"""The triangle with a guard band: :math:`w(z) = \max(0, \min(z - g, 1 - g - z)) / (1/2 - g)`, g = 0.01.

    The last codes before clipping are the least trustworthy, and ignored.

    >>> import torch
    >>> [round(value, 4) for value in debevec_hat(torch.tensor([0.0, 0.01, 0.255, 0.5, 0.995])).tolist()]
    [0.0, 0.0, 0.5, 1.0, 0.0]
    """
    # The same function as min(z, 1 - z) with the guard taken off, in fewer passes over the pixels.
    return ((0.5 - GUARD - abs(display - 0.5)) / (0.5 - GUARD)).clip(0)


@for_both
def gaussian(display: Values) -> Values:
    r"""A bell around mid-grey, lowered to meet zero: :math:`w = (G(z) - G(0)) / (1 - G(0))`.

    :math:`G(z) = \exp(-(z - 1/2)^2 / 2\sigma^2)`, :math:`\sigma` = 0.2 as in exposure fusion.

    >>> import torch
    >>> [round(value, 4) for value in gaussian(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist()]
    [0.0, 0.4329, 1.0, 0.0]
    """
    xp = namespace(display)
    floor = xp.exp(like(-0.125 / SPREAD**2, display))
    bell: Values = xp.exp(-((display - 0.5) ** 2) / (2 * SPREAD**2))
    return ((bell - floor) / (1 - floor)).clip(0)


class SensorNoise:
    r"""The inverse variance of log exposure: :math:`w = X^2 / (F (X/F + (r/F)^2 + q^2))`, at most 1.

    :math:`X = f^{-1}(z)` has photon noise :math:`X/F`, read noise :math:`r/F`, and rounding
    :math:`q = X'(z)\,/\,((2^b - 1)\sqrt{12})`. Optimal for the log-domain merge of a static scene. The model does not
    hold where noise is cut off: just below white the weight fades to 0, and within 0.01 of either end it is 0. Without
    that, the mean over many frames of codes that are black but for their noise outweighs the one frame that shows the
    pixel. Tabulated at 1021 levels (four to an 8-bit step).

    Source: the compound-Gaussian model of Granados et al., "Optimal HDR reconstruction with linear digital cameras",
    2010, with the rounding of a display-referred image added.

    Args:
        response: The camera's curve, one for all channels.
        full_well: Photo-electrons at display value 1.
        read_noise: Read noise in electrons.
        bits: The bits of the image.
    """

    def __init__(
        self, response: CameraResponse, full_well: float = 20000.0, read_noise: float = 4.0, bits: int = 8
    ) -> None:
        display = np.linspace(0, 1, LEVELS)
        half_step = 0.5 / (2**bits - 1)
        exposure = response.inverse(display)
        rounding = (response.inverse(display + half_step) - response.inverse(display - half_step)) / 12**0.5
        noise = exposure / full_well + (read_noise / full_well) ** 2 + rounding**2
        # The last factor is the shoulder: a cut at white would let single noisy codes below it count in full.
        self.table = exposure**2 / (noise * full_well) * ((1 - display) / SHOULDER).clip(0, 1)
        self.table[(display < GUARD) | (display > 1 - GUARD)] = 0

    @for_both
    def __call__(self, display: Values) -> Values:
        """Weight of display values in [0, 1] (any shape)."""
        return uniform_linear(display, like(self.table, display))


@for_both
def sensor_noise(display: Values) -> Values:
    """`SensorNoise` of an 8-bit sRGB camera with a full well of 20,000 electrons.

    >>> import torch
    >>> [round(value, 3) for value in sensor_noise(torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0])).tolist()]
    [0.0, 0.03, 0.193, 0.538, 0.0]
    """
    return _srgb_noise()(display)


@functools.cache
def _srgb_noise() -> SensorNoise:
    return SensorNoise(SRGB())

"""What a camera's light meter does: bring a scene, whatever its scale, to an exposure that shows it."""

import torch
from torch import Tensor

from hdrgen.camera import luminance_of
from hdrgen.errors import InputError

MIDDLE_GREY = 0.18
"""Sensor exposure, where 1 saturates, that metering gives to the typical luminance of a scene: a grey card's."""
SMALLEST = 1e-8
"""Floor of radiance, so that its logarithm is finite: 27 stops below white, where no exposure of a stack reaches."""
MOST_VALUES = 1_000_000
"""Pixels that a percentile is taken of, at most about."""


def auto_exposed(radiance: Tensor, percentile: float = 50.0, level: float = MIDDLE_GREY) -> Tensor:
    """Scale radiance so that a percentile of its positive luminance becomes `level`.

    Args:
        radiance: (3, H, W) linear. NaN and negative values become 0, infinities the largest finite value.
        percentile: 0 to 100.
        level: Radiance that the percentile gets.

    Returns:
        (3, H, W), finite and at least 1e-8.

    Raises:
        InputError: Nothing in the image is positive.

    >>> auto_exposed(torch.full((3, 2, 2), 7.0), 50, 0.18).unique()
    tensor([0.1800])
    """
    return with_floor(finite_radiance(radiance) * auto_exposure_gain(radiance, percentile, level))


def auto_exposure_gain(radiance: Tensor, percentile: float, level: float) -> Tensor:
    """The factor () by which `auto_exposed` scales."""
    light = luminance_of(finite_radiance(radiance)).flatten()
    light = light[light > 0]
    if not len(light):
        raise InputError("expected an HDR image with positive radiance, found only zeros, negatives or NaN; remove it")
    # torch.quantile takes at most 2^24 values; a regular subset of a photograph has the same percentiles.
    light = light[:: 1 + len(light) // MOST_VALUES]
    return level / torch.quantile(light, percentile / 100)


def finite_radiance(radiance: Tensor) -> Tensor:
    """Radiance with NaN and negative values set to 0, and infinities to the largest finite value of the image."""
    bounded = torch.nan_to_num(radiance.float(), nan=0.0, posinf=0.0, neginf=0.0)
    return torch.where(torch.isposinf(radiance), bounded.max(), bounded).clamp_min(0)


def with_floor(radiance: Tensor) -> Tensor:
    """Radiance of at least `SMALLEST`."""
    return radiance.clamp_min(SMALLEST)

"""What a camera's light meter does: bring a scene, whatever its scale, to an exposure that shows it."""

import numpy as np
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
    finite = finite_radiance(radiance)
    return with_floor(finite * _gain(finite, percentile, level))


def auto_exposure_gain(radiance: Tensor, percentile: float, level: float) -> Tensor:
    """The factor () by which `auto_exposed` scales."""
    return _gain(finite_radiance(radiance), percentile, level)


def _gain(finite: Tensor, percentile: float, level: float) -> Tensor:
    light = luminance_of(finite).flatten()
    if not bool(light.min() > 0):
        light = light[light > 0]
        if not len(light):
            raise InputError(
                "expected an HDR image with positive radiance, found only zeros, negatives or NaN; remove it"
            )
    # A regular subset of a photograph has the same percentiles.
    return level / percentile_of(light[:: 1 + len(light) // MOST_VALUES], percentile)


def percentile_of(values: Tensor, percentile: float) -> Tensor:
    """The percentile () of values (N,) without NaN, by linear interpolation: `torch.quantile` without a sort.

    >>> percentile_of(torch.tensor([4.0, 1.0, 3.0, 2.0]), 50)
    tensor(2.5000)
    """
    rank = torch.tensor(percentile / 100, dtype=values.dtype) * (len(values) - 1)
    below = int(rank)
    parted = torch.from_numpy(np.partition(values.numpy(), below))
    low = parted[below]
    return low if rank == below else low.lerp(parted[below + 1 :].min(), rank - below)


def finite_radiance(radiance: Tensor) -> Tensor:
    """Radiance with NaN and negative values set to 0, and infinities to the largest finite value of the image."""
    radiance = radiance.float()
    low, high = radiance.aminmax()  # NaN if any is: one look at an image in which there is nothing to mend
    if low >= 0 and high < torch.inf:
        return radiance
    bounded = torch.nan_to_num(radiance, nan=0.0, posinf=0.0, neginf=0.0)
    return torch.where(torch.isposinf(radiance), bounded.max(), bounded).clamp_min(0)


def with_floor(radiance: Tensor) -> Tensor:
    """Radiance of at least `SMALLEST`."""
    return radiance.clamp_min(SMALLEST)

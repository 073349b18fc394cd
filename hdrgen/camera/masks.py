"""Which pixels an exposure shows well: soft masks of display values."""

import torch
from torch import Tensor

from hdrgen.camera.luminance import luma_of
from hdrgen.errors import InputError


def well_exposed_mask(display: Tensor, threshold: float = 0.95) -> Tensor:
    r"""The soft mask of Le et al.: 1 where luma is well exposed, falling linearly to 0 at black and at white.

    :math:`m = 1 - \max(0,\ ((1-\tau) - Y)/(1-\tau),\ (Y - \tau)/(1-\tau))`, :math:`Y` the BT.601 luma.

    Args:
        display: Display values in [0, 1], (..., 3, H, W).
        threshold: Tau, in (0.5, 1).

    Returns:
        (..., 1, H, W) in [0, 1].

    Raises:
        InputError: The threshold is outside (0.5, 1).

    Source: Le et al., "Single-Image HDR Reconstruction by Multi-Exposure Generation", 2023, section 3.

    >>> mask = well_exposed_mask(torch.tensor([0.0, 0.025, 0.5, 1.0]).expand(3, 1, 4))
    >>> [round(value, 4) for value in mask.flatten().tolist()]
    [0.0, 0.5, 1.0, 0.0]
    """
    luma = luma_of(_full(display))  # on display values, as the public code has it
    return 1 - torch.maximum(_rise(1 - luma, threshold), _rise(luma, threshold))


def over_exposed_mask(display: Tensor, threshold: float = 0.95) -> Tensor:
    r"""Soft mask of highlights: :math:`\mathrm{clip}((\max_c Z_c - \tau)/(1 - \tau), 0, 1)`, (..., 1, H, W).

    The ramp of Eilertsen et al. 2017 (tau 0.95) and of Liu et al. 2020 (tau 0.88), which Zhang et al., "Revisiting
    the Stack-Based Inverse Tone Mapping", 2023, section 3.6, cite for theirs. Arguments and errors as
    `well_exposed_mask`.

    >>> pixel = torch.tensor([0.2, 0.975, 0.5]).view(3, 1, 1)
    >>> round(float(over_exposed_mask(pixel)), 4)
    0.5
    """
    return _rise(_full(display).amax(-3, keepdim=True), threshold)


def under_exposed_mask(display: Tensor, threshold: float = 0.95) -> Tensor:
    r"""Soft mask of shadows: :math:`\mathrm{clip}(((1-\tau) - \min_c Z_c)/(1 - \tau), 0, 1)`, (..., 1, H, W).

    The mirror image of `over_exposed_mask`; the papers leave it undefined, so this is our reading.

    >>> pixel = torch.tensor([0.2, 0.025, 0.5]).view(3, 1, 1)
    >>> round(float(under_exposed_mask(pixel)), 4)
    0.5
    """
    return _rise(1 - _full(display).amin(-3, keepdim=True), threshold)


def _rise(value: Tensor, threshold: float) -> Tensor:
    if not 0.5 < threshold < 1:
        raise InputError(f"expected a mask threshold between 0.5 and 1, found {threshold}: the papers use 0.95 or 0.88")
    return ((value - threshold) / (1 - threshold)).clamp(0, 1)


def _full(display: Tensor) -> Tensor:
    return display if display.dtype == torch.float64 else display.float()

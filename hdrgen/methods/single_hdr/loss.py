"""The losses of Liu et al. 2020."""

import math

import torch
from torch import Tensor

from hdrgen.camera import luminance_of

WHITE, BLACK = 249 / 255, 6 / 255
"""Luminance from which on a pixel is nearly white, and up to which it is nearly black."""
MOST = 0.5
"""Share of such pixels that a photograph may have and still be learnt from."""
SMALL = 1e-8
"""Of a mean, so that a black image has one to be divided by."""


def compressed(radiance: Tensor) -> Tensor:
    r"""Radiance on a logarithmic scale, :math:`g(H) = \ln(1 + 10 H) / \ln 11`; 0 and 1 stay.

    >>> compressed(torch.tensor([0.0, 1.0])).tolist()
    [0.0, 1.0]
    """
    return torch.log1p(10 * radiance.float()) / math.log(11)


def telling(image: Tensor) -> Tensor:
    """Which photographs `(B, 3, H, W)` are learnt from: 1 or 0 `(B,)`, 0 where most of it is white or black."""
    light = luminance_of(image.float())
    lost = [(light >= WHITE).float().mean((1, 2, 3)), (light <= BLACK).float().mean((1, 2, 3))]
    return (torch.stack(lost).amax(0) <= MOST).float()


def weighted_mean(error: Tensor, weight: Tensor) -> Tensor:
    """The mean over all images of errors `(B, ...)`, each image's times its weight `(B,)`."""
    return (weight * error.flatten(1).mean(1)).mean()


def variation(image: Tensor) -> Tensor:
    """Total variation `(B,)`: the mean difference of neighbours, along rows plus along columns."""
    return sum((image.diff(dim=axis).abs().flatten(1).mean(1) for axis in (-1, -2)), start=image.new_zeros(len(image)))


def levelled(radiance: Tensor) -> Tensor:
    """Radiance `(B, 3, H, W)` with the mean 0.5."""
    return 0.5 * radiance / radiance.mean((1, 2, 3), keepdim=True).clamp_min(SMALL)

"""Radiance shown by exposure fusion: photographed anew at several exposures, which are blended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from hdrgen.camera import luminance_of, power
from hdrgen.errors import InputError
from hdrgen.fusion import Mertens, fuse
from hdrgen.tiling import by_strips, value_at
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import IMAGE, as_radiance

GAMMA = 2.2
MIDDLE = 0.18
"""Radiance, of what reaches white, at which the median luminance is exposed at EV 0."""


@dataclass(frozen=True)
class ExposureFusion(Operator):
    """Expose radiance through gamma 2.2, its median luminance at middle grey, and fuse after Mertens et al. 2007.

    The stand-in for the tone mapper of Photomatix, whose *Contrast Optimizer* is closed: say so beside every number
    made with it.

    Args:
        ev: Exposures in stops.
        mertens: The fusion.

    >>> grey = torch.full((3, 16, 16), 7.0)
    >>> round(float(ExposureFusion(ev=(0.0,))(grey)[0, 0, 0]), 4)  # 0.18 ** (1 / 2.2)
    0.4587
    """

    encoding: ClassVar[str] = "power 1/2.2"
    brighter: ClassVar[str] = "raise the exposures"

    ev: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0)
    mertens: Mertens = field(default_factory=Mertens)

    def __post_init__(self) -> None:
        if not self.ev:
            raise InputError("exposure fusion of radiance: expected an exposure or more, found none")

    def __call__(self, radiance: Tensor) -> Tensor:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        image = as_radiance(radiance)
        median = _median(image)
        brightest = image.amax(IMAGE, keepdim=True)
        # A picture that is black for the most part is exposed for its brightest pixel.
        level = torch.where(median > 0, median, brightest).clamp_min(torch.finfo(image.dtype).tiny)
        encoded = by_strips(partial(_encoded, image, level), image.shape[-2:])
        exposed = partial(_exposed, encoded)
        # Each exposure is made when it is asked for: together they need gigabytes for a photograph.
        return fuse(
            lambda: map(exposed, self.ev), self.mertens.contrast, self.mertens.saturation, self.mertens.exposure
        )


def _median(image: Tensor) -> Tensor:
    """Of luminance, the lower of two, (..., 1, 1, 1)."""
    size = image.shape[-2:]
    luminance = by_strips(lambda start, stop: luminance_of(image[..., start:stop, :]), size)
    values = luminance.reshape(-1, size.numel())
    return value_at(values, (values.shape[1] + 1) // 2).view(*image.shape[:-3], 1, 1, 1)


def _encoded(image: Tensor, level: Tensor, start: int, stop: int) -> Tensor:
    """Rows of radiance, `level` as middle grey, under the curve; not cut off."""
    return power(image[..., start:stop, :] / level * MIDDLE, 1 / GAMMA)


def _exposed(encoded: Tensor, ev: float) -> Tensor:
    """The exposure of so many stops: a gain of radiance is one of its power, and one power serves all exposures."""
    gain = 2 ** (ev / GAMMA)
    return by_strips(lambda start, stop: (encoded[..., start:stop, :] * gain).clamp(0, 1), encoded.shape[-2:])

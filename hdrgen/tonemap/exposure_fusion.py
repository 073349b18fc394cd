"""Radiance shown by exposure fusion: photographed anew at several exposures, which are blended."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from hdrgen.camera import Gamma, form_image, luminance_of
from hdrgen.errors import InputError
from hdrgen.fusion import Mertens, fuse
from hdrgen.tiling import by_strips
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import IMAGE, as_radiance

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
        median = luminance_of(image).flatten(-3).median(-1).values[..., None, None, None]
        brightest = image.amax(IMAGE, keepdim=True)
        # A picture that is black for the most part is exposed for its brightest pixel.
        level = torch.where(median > 0, median, brightest).clamp_min(torch.finfo(image.dtype).tiny)
        exposed = partial(_exposed, image, level)
        # Each exposure is made when it is asked for: together they need gigabytes for a photograph.
        return fuse(
            lambda: map(exposed, self.ev), self.mertens.contrast, self.mertens.saturation, self.mertens.exposure
        )


def _exposed(image: Tensor, level: Tensor, ev: float) -> Tensor:
    """Radiance `level` as middle grey at EV 0."""
    exposures = torch.tensor([ev]).to(image)

    def rows(start: int, stop: int) -> Tensor:
        radiance = image[..., start:stop, :] / level * MIDDLE
        return form_image(radiance, exposures, Gamma(2.2), bits=None).squeeze(-4)

    return by_strips(rows, image.shape[-2:])

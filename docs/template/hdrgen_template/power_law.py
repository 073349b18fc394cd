"""A power law of radiance relative to its mean."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from hdrgen.tonemap import Operator


@dataclass(frozen=True)
class PowerLaw(Operator):
    """Radiance relative to a multiple of its mean, clipped, to the power 1 / gamma.

    Args:
        white: Radiance shown as white, in means of the image.
        gamma: Of the display.
    """

    encoding: ClassVar[str] = "a power law, for display as it is"
    brighter: ClassVar[str] = "lower white"

    white: float = 4.0
    gamma: float = 2.2

    def __call__(self, radiance: Tensor) -> Tensor:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        mean = radiance.mean((-3, -2, -1), keepdim=True).clamp_min(1e-8)  # a black image stays black
        display: Tensor = (radiance / (self.white * mean)).clamp(0, 1) ** (1 / self.gamma)
        return display

"""What HDRCNN's camera does to a scene before it takes it: more scenes from the same radiance."""

from __future__ import annotations

from dataclasses import dataclass

import kornia
import torch
from torch import Tensor

from hdrgen.errors import InputError

TURN = 2 * torch.pi
DARKEST = 1e-5
"""Of radiance, after a change of colour."""


@dataclass(frozen=True)
class Variation:
    """Gaussian noise in linear light, then a hue and a saturation of the image's square root; the truth shows both.

    Source: Eilertsen et al., "HDR image reconstruction from a single exposure using deep CNNs", 2017, and its code.

    Attributes:
        noise: Largest standard deviation of the noise, drawn evenly from 0, where 1 is white.
        hue: Standard deviation of the turn of hues, in degrees.
        saturation: Standard deviation of what is added to saturation, which is 0 to 1.
    """

    noise: float = 0.01
    hue: float = 7.0
    saturation: float = 0.1

    def __post_init__(self) -> None:
        """Check what would be drawn otherwise than stated."""
        for name in ("noise", "hue", "saturation"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise InputError(f"expected an amount of 0 or more, found {name}={getattr(self, name):g}")

    def draw(self, generator: torch.Generator) -> DrawnVariation:
        """That of one scene."""
        noise = self.noise * float(torch.rand((), generator=generator))
        hue, saturation = torch.randn(2, generator=generator).tolist()
        return DrawnVariation(noise, hue * self.hue / 360, saturation * self.saturation)


@dataclass(frozen=True)
class DrawnVariation:
    """One scene's variation.

    Attributes:
        noise: Standard deviation.
        hue: Of a turn.
        saturation: What is added.
    """

    noise: float
    hue: float
    saturation: float

    def __call__(self, radiance: Tensor, generator: torch.Generator) -> Tensor:
        """Vary `radiance` `(3, H, W)`, in which 1 is white; the noise comes from `generator`."""
        noisy = (radiance + self.noise * torch.randn(radiance.shape, generator=generator)).clamp_min(0)
        hue, saturation, value = kornia.color.rgb_to_hsv(noisy.sqrt()).unbind(-3)
        turned = torch.stack([(hue + TURN * self.hue) % TURN, (saturation + self.saturation).clamp(0, 1), value], -3)
        varied: Tensor = kornia.color.hsv_to_rgb(turned).square().clamp_min(DARKEST)
        return varied

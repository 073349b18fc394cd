"""Procedural daylight: a gradient, a sun and clouds."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hdrgen.data.virtual.materials import fractal_tile, lookup


@dataclass(frozen=True)
class Sky:
    """A dome of light. Its radiance is relative: a white surface in full sun has about 1.

    Attributes:
        zenith: (3,) radiance straight up.
        horizon: (3,) radiance at the horizon.
        sun: (3,) unit direction towards the sun.
        disc: (3,) radiance of the sun's disc.
        radius: Of the disc, in radians; larger than the real 0.0047 so that it covers pixels of small images.
        cover: Share of the sky under clouds, 0 to 1.
        clouds: Noise tile that shapes them.
    """

    zenith: Tensor
    horizon: Tensor
    sun: Tensor
    disc: Tensor
    radius: float
    cover: float
    clouds: Tensor

    def radiance(self, directions: Tensor) -> Tensor:
        """(N, 3) radiance from (N, 3) unit directions; below the horizon, the horizon's."""
        height = directions[:, 1:].clamp_min(0)[:, :1]
        clear = self.zenith + (self.horizon - self.zenith) * (1 - height) ** 4
        angle = torch.acos((directions @ self.sun).clamp(-1, 1))[:, None]
        density = self._density(directions)
        lit = self.horizon * (1.2 + 6 * torch.exp(-angle / 0.25)) * (1 - 0.75 * density**2)
        glow = self.disc / self.disc.max() * (6 * torch.exp(-angle / 0.04) + 0.4 * torch.exp(-angle / 0.2))
        # A soft limb of a quarter of the radius keeps the disc round in small images.
        disc = self.disc * torch.sigmoid((self.radius - angle) * 16 / self.radius)
        return clear + (lit - clear) * density + (disc + glow) * (1 - 0.9 * density)

    def _density(self, directions: Tensor) -> Tensor:
        """(N, 1) opacity of the clouds, thinning towards the horizon."""
        height = directions[:, 1:2]
        places = directions[:, [0, 2]] / (height.clamp_min(0) + 0.08) * 0.12
        noise = lookup(self.clouds, places)[:, None]
        shape = ((noise - (1 - self.cover)) / 0.25).clamp(0, 1)
        return shape * (height / 0.12).clamp(0, 1)


def random_sky(generator: torch.Generator, azimuth: float) -> Sky:
    """Draw a sky whose sun stands within 0.4 rad of `azimuth`, 3 to 35 degrees high; the lower, the warmer."""
    draw = torch.rand(8, generator=generator).tolist()
    height, turn = 0.05 + 0.55 * draw[0], azimuth + 0.8 * (draw[1] - 0.5)
    up, flat = torch.sin(torch.tensor(height)).item(), torch.cos(torch.tensor(height)).item()
    direction = torch.tensor(
        [flat * torch.sin(torch.tensor(turn)).item(), up, flat * torch.cos(torch.tensor(turn)).item()]
    )
    warmth = (1 - height / 0.6) ** 2
    white = torch.tensor([1.0, 1.0 - 0.35 * warmth, 1.0 - 0.65 * warmth])
    level = 0.15 + 0.35 * draw[2]
    return Sky(
        zenith=level * torch.tensor([0.25, 0.45, 1.0]) * (1 - 0.5 * warmth),
        horizon=level * (0.6 + draw[3]) * (0.4 * torch.tensor([0.85, 0.95, 1.1]) + 0.9 * white),
        sun=direction,
        disc=white * 3e2 * 100.0 ** draw[4],
        radius=0.02 + 0.015 * draw[5],
        cover=0.15 + 0.5 * draw[6],
        clouds=fractal_tile(generator, fall=1.6),
    )

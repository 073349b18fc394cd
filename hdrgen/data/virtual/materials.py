"""What procedural surfaces look like: fractal noise, checks and colour."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

TILE = 256
"""Side of a noise tile in texels, a power of 2 for the FFT."""


@dataclass(frozen=True)
class Materials:
    """Properties of P materials.

    Attributes:
        colour: (P, 3) largest albedo.
        scale: (P,) repetitions of checks per metre; the noise repeats every four.
        grain: (P,) depth of the noise, 0 to 1.
        checks: (P,) depth of the checks, 0 to 1.
    """

    colour: Tensor
    scale: Tensor
    grain: Tensor
    checks: Tensor


def random_materials(count: int, generator: torch.Generator) -> Materials:
    """Draw materials: albedos from 0.02 to 0.85, mostly muted colours, some checked."""
    value = 0.02 * 42.0 ** torch.rand(count, 1, generator=generator)
    tint = torch.rand(count, 3, generator=generator)
    strength = torch.rand(count, 1, generator=generator) * 0.8
    colour = value * (1 - strength * (1 - tint / tint.amax(-1, keepdim=True)))
    scale = 0.5 * 6.0 ** torch.rand(count, generator=generator)
    grain = 0.15 + 0.75 * torch.rand(count, generator=generator)
    checked = torch.rand(count, generator=generator) < 0.4
    return Materials(colour, scale, grain, checked * (0.3 + 0.6 * torch.rand(count, generator=generator)))


def fractal_tile(generator: torch.Generator, fall: float = 1.2) -> Tensor:
    """(1, 1, 256, 256) seamless noise in [0, 1] with amplitudes that fall as frequency to the power -`fall`."""
    spectrum = torch.fft.rfft2(torch.randn(TILE, TILE, generator=generator))
    frequency = torch.hypot(torch.fft.fftfreq(TILE)[:, None], torch.fft.rfftfreq(TILE)[None])
    noise = torch.fft.irfft2(spectrum * frequency.clamp_min(1 / TILE) ** -fall, s=(TILE, TILE))
    return torch.sigmoid(2 * (noise - noise.mean()) / noise.std())[None, None]


def lookup(tile: Tensor, places: Tensor) -> Tensor:
    """(N,) values of a seamless tile at (N, 2) places, one repetition per unit."""
    wrapped = functional.pad(tile, (0, 1, 0, 1), mode="circular")
    # With align_corners, -1 and 1 are the centres of the first texel and of its repetition behind the last.
    grid = (places - places.floor()) * 2 - 1
    return functional.grid_sample(wrapped, grid[None, None], align_corners=True)[0, 0, 0]


def albedo(materials: Materials, index: Tensor, points: Tensor, normal: Tensor, tile: Tensor) -> Tensor:
    """(N, 3) albedo at (N, 3) points of surfaces with (N,) materials, textured along the two axes off the normal."""
    axis = normal.abs().argmax(-1)
    across = torch.where(axis == 0, points[:, 2], points[:, 0])
    along = torch.where(axis == 1, points[:, 2], points[:, 1])
    places = torch.stack([across, along], -1) * materials.scale[index, None]
    checker = places.floor().sum(-1).remainder(2)
    shade = (1 - materials.grain[index] * lookup(tile, places / 4)) * (1 - materials.checks[index] * checker)
    return materials.colour[index] * shade[:, None]

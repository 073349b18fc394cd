"""Random holes in a photograph, for a training that fills them in."""

import math

import torch
from torch import Tensor

MANY = 20
"""Lines, discs and rings at most, of each."""
THICK = 0.03
"""Of a photograph's height plus width: the largest thickness."""
THIN = 3.0
"""The smallest, in pixels."""


def random_holes(height: int, width: int, generator: torch.Generator | None = None) -> Tensor:
    """A mask `(1, height, width)`, 1 but for 1 to 20 lines, discs and elliptic rings each, where it is 0.

    Args:
        height: In pixels.
        width: In pixels.
        generator: Of chance; None is torch's own.
    """
    places = torch.stack(torch.meshgrid(torch.arange(width) + 0.5, torch.arange(height) + 0.5, indexing="xy"), -1)
    size = torch.tensor([width, height], dtype=torch.float32)
    thickest = max(THIN + 1, THICK * (height + width))
    hole = torch.zeros(height, width, dtype=torch.bool)
    for shape in (_line, _disc, _ring):
        count = int(torch.randint(1, MANY + 1, (), generator=generator))
        for _ in range(count):
            numbers = torch.rand(6, generator=generator)
            thickness = float(THIN + (thickest - THIN) * numbers[5])
            hole |= shape(places, size, numbers, thickness)
    return (~hole).float()[None]


def _line(places: Tensor, size: Tensor, numbers: Tensor, thickness: float) -> Tensor:
    """What is near a straight line between two places."""
    first, last = numbers[:2] * size, numbers[2:4] * size
    along = (last - first) / (last - first).square().sum().clamp_min(1e-6)
    share = ((places - first) @ along).clamp(0, 1)[..., None]
    near: Tensor = (places - first - share * (last - first)).norm(dim=-1) <= thickness / 2
    return near


def _disc(places: Tensor, size: Tensor, numbers: Tensor, thickness: float) -> Tensor:
    """What is near one place."""
    near: Tensor = (places - numbers[:2] * size).norm(dim=-1) <= thickness
    return near


def _ring(places: Tensor, size: Tensor, numbers: Tensor, thickness: float) -> Tensor:
    """What is near an ellipse in any position, about as far as its shorter half axis tells."""
    angle, half_axes = float(numbers[4]) * math.pi, (numbers[2:4] * size / 2).clamp_min(1)
    turn = torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    away = ((places - numbers[:2] * size) @ turn / half_axes).norm(dim=-1) - 1
    near: Tensor = away.abs() * half_axes.min() <= thickness / 2
    return near

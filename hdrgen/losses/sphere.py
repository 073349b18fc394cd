"""The objective of Sphere GAN: distances on a hypersphere in place of a discriminator's real number."""

import torch
from torch import Tensor


def inverse_stereographic(points: Tensor) -> Tensor:
    r"""Project a plane onto the unit sphere above it: :math:`p = (2q,\; \|q\|^2 - 1) / (\|q\|^2 + 1)`.

    The origin becomes the south pole; the north pole, where the last coordinate is 1, lies infinitely far away.

    Args:
        points: `(B, n)`.

    Returns:
        `(B, n + 1)`, of length 1.

    Source: Park and Kwon, "Sphere generative adversarial network based on geometric moment matching", CVPR 2019; Niu et
    al. 2021, Eq. 7.

    >>> inverse_stereographic(torch.tensor([[1.0, 0.0], [0.0, 0.0]])).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0]]
    """
    square = points.square().sum(-1, keepdim=True)
    return torch.cat([2 * points, square - 1], -1) / (square + 1)


def north_pole(points: Tensor) -> Tensor:
    """(0, ..., 0, 1), of the size of `points` `(B, n + 1)`."""
    return torch.zeros_like(points).index_fill_(-1, torch.tensor(points.shape[-1] - 1, device=points.device), 1)


def first_axis(points: Tensor) -> Tensor:
    """(1, 0, ..., 0), of the size of `points` `(B, n + 1)`: the reference of Niu et al.'s code."""
    return torch.zeros_like(points).index_fill_(-1, torch.tensor(0, device=points.device), 1)


def sphere_distance(p: Tensor, q: Tensor) -> Tensor:
    r"""Length of the arc between points on the unit sphere, :math:`\arccos(p \cdot q)`.

    Rounding takes the product of unit vectors beyond 1, where arccos is not a number, and the slope of arccos is
    infinite at 1 itself. The same angle is :math:`2 \operatorname{atan2}(\|p - q\|, \|p + q\|)`: in [0, pi] for any
    arguments, exact for small angles, with a finite gradient everywhere.

    Args:
        p: `(B, n)`, of length 1.
        q: Same shape.

    Returns:
        `(B,)` in radians, float32 or better.

    Source: Niu et al. 2021, Eq. 8.

    >>> round(sphere_distance(torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]])).item(), 4)
    1.5708
    """
    chord, other = torch.linalg.vector_norm(p - q, dim=-1), torch.linalg.vector_norm(p + q, dim=-1)
    return 2 * torch.atan2(chord, other)


def sphere_moments(features: Tensor, moments: int = 3, *, to_north_pole: bool = True) -> Tensor:
    r"""Mean over the batch of :math:`\sum_{r=1}^{R} d^r`, d the distance of the projected features from a fixed point.

    The discriminator raises it for true and lowers it for generated images; the generator raises it for its own.

    Args:
        features: Output of the discriminator, `(B, ...)`; computed in float32.
        moments: R.
        to_north_pole: The fixed point; False takes the first axis.

    Returns:
        A scalar.

    Source: Niu et al. 2021, Eq. 9, with R = 3.

    >>> round(sphere_moments(torch.tensor([[1.0, 0.0]])).item(), 4)  # a right angle: 1.5708 + 2.4674 + 3.8758
    7.914
    """
    with torch.autocast(features.device.type, enabled=False):
        points = inverse_stereographic(features.float().flatten(1))
        distance = sphere_distance(points, north_pole(points) if to_north_pole else first_axis(points))
        return sum((distance**r for r in range(1, moments + 1)), start=torch.zeros_like(distance)).mean()

"""Rays against spheres and boxes: the little geometry that procedural scenes need, vectorised over rays and objects."""

from dataclasses import dataclass

import torch
from torch import Tensor

FAR = 1e6
"""Metres: the distance of what a ray does not hit; finite, so that products with 0 are no NaN."""
NEAR = 1e-3
"""Metres: nearer hits are the surface that a ray starts from, missed by rounding."""


@dataclass(frozen=True)
class Solids:
    """Spheres and axis-aligned boxes, in metres.

    Attributes:
        centres: (M, 3) of the spheres.
        radii: (M,).
        lows: (K, 3) corners of the boxes with the smallest coordinates.
        highs: (K, 3) opposite corners.
    """

    centres: Tensor
    radii: Tensor
    lows: Tensor
    highs: Tensor


@dataclass(frozen=True)
class Hits:
    """Where rays end.

    Attributes:
        distance: (N,) along the ray; `FAR` where it hits nothing.
        solid: (N,) index of what was hit, spheres first, then boxes.
        normal: (N, 3) of the surface, towards the ray's side.
    """

    distance: Tensor
    solid: Tensor
    normal: Tensor


def camera_rays(size: int, field_of_view: float, yaw: float, pitch: float) -> Tensor:
    """(size * size, 3) unit directions of a pinhole camera that looks along +z, y up, rows from the top.

    Args:
        size: Height and width in pixels.
        field_of_view: Of the whole side, in radians.
        yaw: Turn to the right, in radians.
        pitch: Tilt upwards, in radians.
    """
    steps = ((torch.arange(size) + 0.5) / size * 2 - 1) * torch.tan(torch.tensor(field_of_view / 2))
    y, x = torch.meshgrid(-steps, steps, indexing="ij")
    rays = torch.nn.functional.normalize(torch.stack([x, y, torch.ones_like(x)], -1).reshape(-1, 3), dim=-1)
    return rays @ turn(yaw, pitch).T


def turn(yaw: float, pitch: float, roll: float = 0.0) -> Tensor:
    """(3, 3) rotation of camera directions (x right, y up, z forward) into the world: roll, then pitch, then yaw.

    >>> import math
    >>> (turn(math.pi / 2, 0.0) @ torch.tensor([0.0, 0.0, 1.0])).round().abs().tolist()
    [1.0, 0.0, 0.0]
    """
    (sy, sp, sr), (cy, cp, cr) = (f(torch.tensor([yaw, pitch, roll])).tolist() for f in (torch.sin, torch.cos))
    about_y = torch.tensor([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = torch.tensor([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_z = torch.tensor([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return about_y @ about_x @ about_z


def sphere_distances(origin: Tensor, rays: Tensor, solids: Solids) -> Tensor:
    """(M, N) distances from `origin` (N, 3) or (3,) along `rays` (N, 3) to each sphere."""
    rays, towards = _components(rays), _components(solids.centres).mT - _components(origin)
    along = (towards * rays).sum(0)
    reach = solids.radii[:, None] ** 2 - (towards.square().sum(0) - along.square())
    entry = along - reach.clamp_min(0).sqrt()
    return torch.where((reach > 0) & (entry > NEAR), entry, FAR)


def box_distances(origin: Tensor, rays: Tensor, solids: Solids) -> Tensor:
    """(K, N) distances from `origin` (N, 3) or (3,) along `rays` (N, 3) to each box."""
    inverse, origin = _inverse(_components(rays)), _components(origin)
    first, second = ((_components(corner).mT - origin) * inverse for corner in (solids.lows, solids.highs))
    entry = torch.minimum(first, second).amax(0)
    leave = torch.maximum(first, second).amin(0)
    return torch.where((entry < leave) & (entry > NEAR), entry, FAR)


def _components(vectors: Tensor) -> Tensor:
    """(3, 1, N) of (N, 3): with the three components in front, reductions over them are fast."""
    return vectors.reshape(-1, 3).T.contiguous()[:, None]


def _inverse(rays: Tensor) -> Tensor:
    """1 / rays without infinities, whose products with 0 would be NaN."""
    return 1 / torch.where(rays.abs() < 1e-9, 1e-9, rays)


def nearest(origin: Tensor, rays: Tensor, solids: Solids) -> Hits:
    """The first solid along each ray from one origin (3,)."""
    distance, solid = torch.cat([sphere_distances(origin, rays, solids), box_distances(origin, rays, solids)]).min(0)
    count = len(solids.radii)
    point = origin + distance[:, None] * rays
    round_normal = torch.nn.functional.normalize(point - solids.centres[solid.clamp_max(count - 1)], dim=-1)
    box = (solid - count).clamp_min(0)
    low, high = solids.lows[box], solids.highs[box]
    # On the face that was hit, and only there, the position relative to the half size is 1.
    relative = (point - (low + high) / 2) / ((high - low) / 2)
    flat_normal = torch.nn.functional.one_hot(relative.abs().argmax(-1), 3) * relative.sign()
    return Hits(distance, solid, torch.where((solid < count)[:, None], round_normal, flat_normal))


def walls(origin: Tensor, rays: Tensor, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Where rays from inside a box meet its walls: (N,) distances and (N, 3) inward normals."""
    inverse = _inverse(rays)
    distance, axis = torch.maximum((low - origin) * inverse, (high - origin) * inverse).min(-1)
    return distance, torch.nn.functional.one_hot(axis, 3) * -rays.sign()


def visible(points: Tensor, directions: Tensor, distance: Tensor | float, solids: Solids) -> Tensor:
    """(N,) 1 where nothing stands within `distance` of `points` (N, 3) along `directions` (N, 3), else 0."""
    spheres, boxes = sphere_distances(points, directions, solids), box_distances(points, directions, solids)
    return (torch.cat([spheres, boxes]).amin(0) > distance).float()

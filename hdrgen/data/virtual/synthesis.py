"""Small invented worlds, rendered to linear radiance: places under a sky, and rooms with lamps and windows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hdrgen.data.virtual.materials import Materials, albedo, fractal_tile, random_materials
from hdrgen.data.virtual.ray_tracing import FAR, Solids, camera_rays, nearest, visible, walls
from hdrgen.data.virtual.sky import Sky, random_sky

EYE = torch.tensor([0.0, 1.6, 0.0])
"""Of somebody who stands, in metres."""
RAYS_AT_ONCE = 16384
"""Memory is these times lamps times solids."""
GROUND = torch.tensor([[-0.1, 0.0, -0.1], [0.1, 0.1, 0.1]]) * FAR
"""The shell of a place under an open sky: its floor is the ground, all else so far that it is the sky."""


@dataclass(frozen=True)
class Lamps:
    """Light sources that are small against their distance.

    Attributes:
        places: (L, 3) in metres.
        intensity: (L, 3) radiance that a white surface facing the lamp reflects at 1 m.
        axes: (L, 3) unit direction of the brightest light, 0 for a lamp that shines evenly all around.
    """

    places: Tensor
    intensity: Tensor
    axes: Tensor

    def __add__(self, other: Lamps) -> Lamps:
        """Both."""
        pairs = zip((self.places, self.intensity, self.axes), (other.places, other.intensity, other.axes), strict=True)
        return Lamps(*(torch.cat(pair) for pair in pairs))


@dataclass(frozen=True)
class World:
    """Everything that is in the picture.

    Attributes:
        solids: What stands around and casts shadows.
        glowing: What shines: it is seen, and casts none.
        glow: (G, 3) radiance of each of `glowing`.
        materials: Of each solid, then of floor and ceiling, of the walls across x, and of those across z.
        tile: Noise for the textures.
        lamps: What lights the place, besides the sky.
        ambient: (3,) light from everywhere, as the radiance it gives to a white surface.
        shell: (2, 3) opposite corners of the room; the ground under an open sky when `sky` is given.
        window: (4,) left, right, bottom, top of an opening in the far wall through which `sky` shines.
        sky: None in a room without a window.
    """

    solids: Solids
    glowing: Solids
    glow: Tensor
    materials: Materials
    tile: Tensor
    lamps: Lamps
    ambient: Tensor
    shell: Tensor
    window: Tensor | None = None
    sky: Sky | None = None


def outdoor_world(generator: torch.Generator) -> World:
    """Draw a place with blocks and balls on textured ground, under a sky with the sun in view."""
    solids = _scatter(generator, width=6.0, nearest=3.0, farthest=14.0, tallest=4.0)
    sky = random_sky(generator, azimuth=0.0)
    return World(
        solids=solids,
        glowing=_nothing(),
        glow=torch.zeros(2, 3),
        materials=random_materials(len(solids.radii) + len(solids.lows) + 3, generator),
        tile=fractal_tile(generator),
        lamps=Lamps(torch.zeros(0, 3), torch.zeros(0, 3), torch.zeros(0, 3)),
        ambient=(sky.zenith + sky.horizon) / 2 * (0.2 + 0.6 * torch.rand((), generator=generator)),
        shell=GROUND,
        sky=sky,
    )


def room_world(generator: torch.Generator) -> World:
    """Draw a room with furniture, glowing balls, ceiling strips and, more often than not, a window."""
    half, height, depth = (torch.tensor([2.2, 2.4, 5.0]) + torch.tensor([2.0, 1.4, 5.0]) * _rand(3, generator)).tolist()
    solids = _scatter(generator, width=half - 0.5, nearest=2.5, farthest=depth - 0.7, tallest=0.6 * height)
    glowing, glow, lamps = _luminaires(generator, half, height, depth)
    lighting = lamps.intensity.sum(0) / (half * depth)
    window, sky = None, None
    if _rand(1, generator) < 0.7:
        left, low, wide, high = (_rand(4, generator) * torch.tensor([1.2, 0.6, 1.0, 0.6])).tolist()
        window = torch.tensor(
            [left - half + 0.4, left - half + 1.3 + wide, 0.6 + low, 0.6 + low + min(1.0 + high, height - 1.4)]
        )
        sky = random_sky(generator, azimuth=0.0)
        lamps = lamps + _window_lamps(window, depth, sky)
    return World(
        solids=solids,
        glowing=glowing,
        glow=glow,
        materials=random_materials(len(solids.radii) + len(solids.lows) + 3, generator),
        tile=fractal_tile(generator),
        lamps=lamps,
        ambient=lighting * (0.02 + 0.15 * _rand(1, generator)),
        shell=torch.tensor([[-half, 0.0, -1.0], [half, height, depth]]),
        window=window,
        sky=sky,
    )


def radiance_of(world: World, size: int, generator: torch.Generator) -> Tensor:
    """Photograph a world with a pinhole camera at eye height, looking roughly along +z.

    Args:
        world: What to look at.
        size: Height and width in pixels.
        generator: Draws field of view (50 to 80 degrees), yaw and pitch.

    Returns:
        (3, size, size) linear radiance.
    """
    wide, yaw, pitch = (_rand(3, generator) * torch.tensor([0.5, 0.4, 0.2]) + torch.tensor([0.87, -0.2, -0.1])).tolist()
    rays = camera_rays(size, wide, yaw, pitch)
    # In pieces, so that large pictures do not need memory for all their rays and lamps at once.
    return torch.cat([_radiance_along(world, piece) for piece in torch.split(rays, RAYS_AT_ONCE)]).T.reshape(
        3, size, size
    )


def _radiance_along(world: World, rays: Tensor) -> Tensor:
    """(N, 3) radiance along rays from the eye."""
    hits = nearest(EYE, rays, world.solids)
    far, inward = walls(EYE, rays, *world.shell)
    is_wall = far < hits.distance
    distance = torch.where(is_wall, far, hits.distance)
    points = EYE + distance[:, None] * rays
    normal = torch.where(is_wall[:, None], inward, hits.normal)
    count = len(world.solids.radii) + len(world.solids.lows)
    material = torch.where(is_wall, count + torch.tensor([1, 0, 2])[inward.abs().argmax(-1)], hits.solid)
    colour = albedo(world.materials, material, points, normal, world.tile) * _light(world, points, normal)
    if world.sky is not None:
        open_to_sky = is_wall & _opening(world, points, inward)
        colour = torch.where(open_to_sky[:, None], world.sky.radiance(rays), colour)
    shining = nearest(EYE, rays, world.glowing)
    # Lamps are brightest where seen head on, which keeps their outline soft.
    facing = 0.3 + 0.7 * (shining.normal * -rays).sum(-1, keepdim=True).clamp_min(0)
    return torch.where((shining.distance < distance)[:, None], world.glow[shining.solid] * facing, colour)


def _opening(world: World, points: Tensor, inward: Tensor) -> Tensor:
    """(N,) where a ray that reached the shell goes on to the sky."""
    if world.window is None:
        return inward[:, 1] < 0.5
    left, right, bottom, top = world.window.tolist()
    x, y = points[:, 0], points[:, 1]
    inside: Tensor = (x > left) & (x < right) & (y > bottom) & (y < top) & (inward[:, 2] < -0.5)
    bars: Tensor = ((x - (left + right) / 2).abs() < 0.03) | ((y - bottom - 0.6 * (top - bottom)).abs() < 0.03)
    return inside & ~bars


def _light(world: World, points: Tensor, normal: Tensor) -> Tensor:
    """(N, 3) radiance that a white surface reflects at these points."""
    start = points + 2e-3 * normal
    total = world.ambient * (0.6 + 0.4 * normal[:, 1:2])
    if len(world.lamps.places):
        total = total + _from_lamps(start, normal, world.lamps, world.solids)
    if world.sky is not None and world.window is None:
        lit = visible(start, world.sky.sun.expand_as(start), FAR / 2, world.solids)
        total = total + (lit * (normal @ world.sky.sun).clamp_min(0))[:, None] * world.sky.disc / world.sky.disc.max()
    return total


def _from_lamps(points: Tensor, normal: Tensor, lamps: Lamps, solids: Solids) -> Tensor:
    """(N, 3) light of all lamps: cosine over squared distance, 0 in a lamp's shadow."""
    towards = lamps.places[:, None] - points
    distance = torch.linalg.vector_norm(towards, dim=-1).clamp_min(0.05)
    direction = towards / distance[..., None]
    received = (normal * direction).sum(-1).clamp_min(0) / distance.square()
    # A lamp with a face shines by the cosine to its axis; a ball shines evenly.
    leaving = (direction * -lamps.axes[:, None]).sum(-1).clamp_min(0)
    received = received * torch.where(lamps.axes.any(-1)[:, None], leaving, 1.0)
    starts = points.expand(len(lamps.places), *points.shape).reshape(-1, 3)
    clear = visible(starts, direction.reshape(-1, 3), distance.reshape(-1), solids).view_as(received)
    light: Tensor = (received * clear).T @ lamps.intensity
    return light


def _window_lamps(window: Tensor, depth: float, sky: Sky) -> Lamps:
    """The light of the sky through a window in the far wall, as two lamps in it."""
    left, right, bottom, top = window.tolist()
    power = (sky.zenith + sky.horizon) * ((right - left) * (top - bottom) / (4 * torch.pi))
    low, high = torch.tensor([left, bottom, depth - 0.02]), torch.tensor([right, top, depth - 0.02])
    places = torch.stack([low + part * (high - low) for part in torch.tensor([[0.25, 0.3, 0.0], [0.75, 0.7, 0.0]])])
    return Lamps(places, power.expand(2, 3), torch.tensor([[0.0, 0.0, -1.0]]).expand(2, 3))


def _scatter(generator: torch.Generator, width: float, nearest: float, farthest: float, tallest: float) -> Solids:
    """Draw two to four balls and three to six blocks standing on the ground."""
    balls, blocks = (int(n) for n in torch.stack([_int(2, 5, generator), _int(3, 7, generator)]))
    count = balls + blocks
    x = width * (2 * _rand(count, generator) - 1)
    z = nearest + (farthest - nearest) * _rand(count, generator)
    radii = 0.2 + 0.5 * _rand(balls, generator)
    sides = 0.25 + 0.9 * _rand((blocks, 3), generator) * torch.tensor([1.0, 0.0, 1.0])
    sides[:, 1] = 0.3 + (tallest - 0.3) * _rand(blocks, generator) ** 1.5
    foot = torch.stack([x[balls:], torch.zeros(blocks), z[balls:]], -1)
    lows = foot - sides * torch.tensor([0.5, 0.0, 0.5])
    return Solids(torch.stack([x[:balls], radii, z[:balls]], -1), radii, lows, lows + sides)


def _luminaires(generator: torch.Generator, half: float, height: float, depth: float) -> tuple[Solids, Tensor, Lamps]:
    """Draw one to three glowing balls, which may hang or stand, and one or two strips under the ceiling."""
    balls, strips = (int(n) for n in torch.stack([_int(1, 4, generator), _int(1, 3, generator)]))
    spread = _rand((balls + strips, 3), generator) * torch.tensor([1.6, 1.0, 1.0]) - torch.tensor([0.8, 0.0, 0.0])
    place = spread * torch.tensor([half, 0.6 * height, depth - 2.5]) + torch.tensor([0.0, 0.3 * height, 2.0])
    place[balls:, 1] = height - 0.04
    radii = 0.08 + 0.14 * _rand(balls, generator)
    lengths = torch.stack(
        [0.4 + 0.6 * _rand(strips, generator), torch.full((strips,), 0.03), torch.full((strips,), 0.06)], -1
    )
    warm = 1 - torch.tensor([0.0, 0.3, 0.6]) * _rand((balls + strips, 1), generator)
    glow = warm * 30 * 60.0 ** _rand((balls + strips, 1), generator)
    # A ball looks like a disc of its radius; a strip shines downwards from its lower face.
    areas = torch.cat([radii**2, 4 * lengths[:, 0] * lengths[:, 2] / torch.pi])
    solids = Solids(place[:balls], radii, place[balls:] - lengths, place[balls:] + lengths)
    axes = torch.cat([torch.zeros(balls, 3), torch.tensor([[0.0, -1.0, 0.0]]).expand(strips, 3)])
    return solids, glow, Lamps(place - torch.tensor([0.0, 0.05, 0.0]), glow * areas[:, None], axes)


def _nothing() -> Solids:
    """One sphere and one box where nobody looks: geometry without special cases for emptiness."""
    below = torch.tensor([[0.0, -FAR, 0.0]])
    return Solids(below, torch.ones(1), below, below + 1)


def _rand(shape: int | tuple[int, ...], generator: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=generator)


def _int(low: int, high: int, generator: torch.Generator) -> Tensor:
    return torch.randint(low, high, (), generator=generator)

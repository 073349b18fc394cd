"""Motion between the exposures of a bracket: things that pass by, and a camera that is held by hand."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.errors import InputError

HARMONICS = 3
"""Waves around an outline, 2 to 4 of them: one would only shift the blob, many would make it a star."""


@dataclass(frozen=True)
class Blob:
    """A thing in the foreground, cut from the mirrored picture. Places and lengths in pixels, (x, y) from the centre.

    Attributes:
        place: (2,) of its centre at the reference exposure, whole pixels.
        radius: Mean radius.
        ripples: (2, HARMONICS) amplitudes in parts of the radius, and phases, of its outline.
        velocity: (2,) way to its place at time 1.
        spin: Turn until time 1, in radians.
        source: (2,) of the piece that it shows, whole pixels.
        gain: Radiance relative to the picture it was cut from.
    """

    place: Tensor
    radius: Tensor
    ripples: Tensor
    velocity: Tensor
    spin: Tensor
    source: Tensor
    gain: Tensor

    def within(self, points: Tensor, time: float) -> Tensor:
        """The blob's own coordinates of `points` (2, H, W), as it stands at `time`."""
        return turned(points - _plane(self.place) - _plane(time * self.velocity), -time * self.spin)

    def reach(self) -> float:
        """Pixels from its centre beyond which it covers nothing."""
        return float(self.radius * (1 + self.ripples[0].abs().sum())) + 1

    def cover(self, own: Tensor) -> Tensor:
        """(H, W) share of each pixel, 0 to 1, that the blob covers; its outline is one pixel soft."""
        x, y = own
        waves = torch.arange(2, 2 + HARMONICS).view(-1, 1, 1) * torch.atan2(y, x) + self.ripples[1].view(-1, 1, 1)
        outline = self.radius * (1 + (self.ripples[0].view(-1, 1, 1) * waves.cos()).sum(0))
        return (outline - torch.hypot(x, y) + 0.5).clamp(0, 1)


@dataclass(frozen=True)
class Movement:
    """One drawn motion: what moves how in one scene.

    Attributes:
        blobs: In the foreground, the farthest first.
        shifts: (S, 2) where each frame's centre looks, in pixels.
        rolls: (S,) turn of the camera for each frame, in radians.
    """

    blobs: Sequence[Blob]
    shifts: Tensor
    rolls: Tensor

    def frame(self, radiance: Tensor, index: int, time: float, margin: int) -> Tensor:
        """What the camera sees in frame `index`, taken at `time`.

        Args:
            radiance: (3, H, W) the scene without foreground.
            index: Of the frame.
            time: 0 at the reference.
            margin: Pixels cut off on each side.

        Returns:
            (3, H - 2 margin, W - 2 margin).
        """
        height, width = radiance.shape[-2:]
        seen = pixels(height - 2 * margin, width - 2 * margin)
        points = turned(seen, self.rolls[index]) + _plane(self.shifts[index])
        view = sampled(radiance, points)
        mirrored = radiance.flip(-1)
        for blob in self.blobs:
            rows, columns = self._box(blob, index, time, *seen.shape[1:])
            own = blob.within(points[:, rows, columns], time)
            if own.numel():
                part = view[:, rows, columns]
                part.lerp_(blob.gain * sampled(mirrored, own + _plane(blob.source)), blob.cover(own))
        return view

    def _box(self, blob: Blob, index: int, time: float, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of a frame outside which a blob covers nothing."""
        centre = turned(blob.place + time * blob.velocity - self.shifts[index], -self.rolls[index])
        reach = blob.reach()
        (left, right), (top, bottom) = (
            (max(0, math.floor(middle - reach)), max(0, math.ceil(middle + reach) + 1))
            for middle in (float(centre[0]) + (width - 1) / 2, float(centre[1]) + (height - 1) / 2)
        )
        return slice(top, bottom), slice(left, right)


@dataclass(frozen=True)
class Motion:
    """How much moves, from the reference to the exposure that is farthest from it in order; uniformly drawn.

    Lengths are parts of the picture's shorter side, angles degrees. The picture is cut by a margin on each side, so
    that the shaken camera never looks past its border.

    Attributes:
        objects: Least and most things in the foreground.
        radius: Smallest and largest mean radius of one.
        way: Longest way of one.
        spin: Largest turn of one.
        gain: Largest difference in stops between a thing's radiance and that of the picture it was cut from.
        shake: Largest shift of the camera in each direction.
        roll: Largest turn of the camera.
    """

    objects: tuple[int, int] = (1, 3)
    radius: tuple[float, float] = (0.06, 0.2)
    way: float = 0.25
    spin: float = 15.0
    gain: float = 1.0
    shake: float = 0.015
    roll: float = 0.5

    def __post_init__(self) -> None:
        """Check what would otherwise fail in the middle of a run."""
        if not 0 <= self.objects[0] <= self.objects[1]:
            raise InputError(f"expected the least and the most things that move, found objects={list(self.objects)}")
        if not 0 < self.radius[0] <= self.radius[1]:
            raise InputError(f"expected the smallest and the largest radius, found radius={list(self.radius)}")
        if not (0 <= self.shake < 0.2 and 0 <= self.roll < 20):
            raise InputError(f"expected a shake in [0, 0.2) and a roll in [0, 20), found {self.shake} and {self.roll}")

    def margin(self, height: int, width: int) -> int:
        """Pixels that are cut off on each side of a picture."""
        reach = self.shake * min(height, width) + math.radians(self.roll) * math.hypot(height, width) / 2
        return math.ceil(reach)

    def draw(self, height: int, width: int, frames: int, reference: int, generator: torch.Generator) -> Movement:
        """One movement of a picture of this size; the reference frame stands still.

        Args:
            height: In pixels.
            width: In pixels.
            frames: Of the whole stack.
            reference: Its reference.
            generator: Draws everything.
        """
        size = torch.tensor([width, height], dtype=torch.float32)
        low, high = self.objects
        count = int(torch.randint(low, high + 1, (), generator=generator))
        camera = 2 * torch.rand(frames, 3, generator=generator) - 1
        camera[reference] = 0
        blobs = [self._blob(size, 2 * torch.rand(15, generator=generator) - 1) for _ in range(high)]
        return Movement(blobs[:count], camera[:, :2] * self.shake * size.min(), camera[:, 2] * math.radians(self.roll))

    def _blob(self, size: Tensor, draws: Tensor) -> Blob:
        """A blob from 15 numbers, uniform in [-1, 1]."""
        side = size.min()
        low, high = self.radius
        angle, length = math.pi * draws[2], self.way * side * (draws[3] + 1) / 2
        return Blob(
            place=(draws[:2] * 0.4 * size).round(),
            radius=side * (low + (high - low) * (draws[4] + 1) / 2),
            ripples=torch.stack([0.2 * draws[5 : 5 + HARMONICS], math.pi * draws[8 : 8 + HARMONICS]]),
            velocity=length * torch.stack([angle.cos(), angle.sin()]),
            spin=math.radians(self.spin) * draws[11],
            source=(draws[12:14] * 0.4 * size).round(),
            gain=torch.exp2(self.gain * draws[14]),
        )


def frame_times(frames: int, reference: int) -> list[float]:
    """When each frame is taken: 0 at the reference, 1 (or -1) at the frame that is farthest from it in order.

    >>> frame_times(5, 2)
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    farthest = max(reference, frames - 1 - reference, 1)
    return [(frame - reference) / farthest for frame in range(frames)]


def pixels(height: int, width: int) -> Tensor:
    """(2, H, W) the pixels' x and y from the centre of the picture."""
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    return torch.stack([x, y])


def turned(points: Tensor, angle: Tensor) -> Tensor:
    """Points (2, ...) turned about the origin by `angle` () in radians.

    >>> turned(torch.tensor([1.0, 0.0]), torch.tensor(math.pi / 2)).round().abs().tolist()
    [0.0, 1.0]
    """
    x, y = points
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([cosine * x - sine * y, sine * x + cosine * y])


def sampled(image: Tensor, points: Tensor) -> Tensor:
    """(C, h, w) bilinear samples of (C, H, W) at (2, h, w) points from its centre; mirrored beyond the border."""
    x, y = (2 * place / length for place, length in zip(points, (image.shape[-1], image.shape[-2]), strict=True))
    grid = torch.view_as_real(torch.complex(x, y))  # interleaves them faster than `stack`
    return functional.grid_sample(
        image[None], grid[None], mode="bilinear", padding_mode="reflection", align_corners=False
    )[0]


def _plane(point: Tensor) -> Tensor:
    """(2, 1, 1) of a point (2,)."""
    return point[:, None, None]

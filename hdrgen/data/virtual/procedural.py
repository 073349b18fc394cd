"""Scenes that the package invents itself: data without a download, as much as wanted."""

import torch
from torch import Tensor

from hdrgen.camera import luminance_of
from hdrgen.data.auto_exposure import with_floor
from hdrgen.data.dataset import derived_generator
from hdrgen.data.virtual.stack_camera import RadianceScenes, StackCamera
from hdrgen.data.virtual.synthesis import outdoor_world, radiance_of, room_world
from hdrgen.errors import InputError

LEAST_STOPS = 10.5
"""Least range of a scene, between the 0.1 and 99.9 percentiles of luminance."""


class ProceduralScenes(RadianceScenes):
    """Invented HDR scenes, each with an exposure stack of its own random camera.

    Places under a sky with sun and clouds, and rooms with lamps, strips and windows; blocks, balls, shadows, textured
    surfaces. Between the 0.1 and 99.9 percentiles of luminance lie at least 10.5 stops. What a scene shows depends on
    `seed` and its index alone: data sets with different seeds share no scene. Response curve and exposure are drawn
    by the camera, anew each epoch.

    Args:
        count: Number of scenes.
        size: Height and width in pixels.
        seed: Of the scenes.
        camera: Takes the exposures; None: nine half stops through curves of the sigmoid family.
    """

    def __init__(self, count: int = 1000, size: int = 128, seed: int = 0, camera: StackCamera | None = None) -> None:
        if count < 1 or size < 16:
            raise InputError(f"expected at least 1 scene of at least 16 pixels, found count={count}, size={size}")
        self.count = count
        self.size = size
        self.seed = seed
        self.camera = camera or StackCamera()

    def __len__(self) -> int:
        """Number of scenes."""
        return self.count

    def scene(self, index: int) -> str:
        """`procedural_<seed>_<index>`."""
        return f"procedural_{self.seed}_{index:05d}"

    def radiance(self, index: int, generator: torch.Generator) -> Tensor:
        """Invent the scene; nothing of it comes from `generator`."""
        return procedural_radiance(self.size, derived_generator("procedural", self.seed, index))


def procedural_radiance(size: int, generator: torch.Generator) -> Tensor:
    """Invent a scene.

    Args:
        size: Height and width in pixels.
        generator: Draws everything.

    Returns:
        (3, size, size) linear radiance with a median luminance near 1 and at least 10.5 stops between the 0.1 and
        99.9 percentiles of luminance.
    """
    invent = outdoor_world if torch.rand((), generator=generator) < 0.4 else room_world
    return with_range(radiance_of(invent(generator), size, generator), LEAST_STOPS)


def with_range(radiance: Tensor, stops: float) -> Tensor:
    r"""Stretch contrast where needed: :math:`E' = E\,(Y/Y_{50})^{\gamma-1} / Y_{50}`, with :math:`\gamma \ge 1`.

    A power of luminance keeps order and hue, and multiplies the distance of any two percentiles in stops by γ.

    Args:
        radiance: (3, H, W) linear.
        stops: Wanted between the 0.1 and 99.9 percentiles of luminance.

    Returns:
        (3, H, W) with at least this range and a median luminance near 1.
    """
    radiance = with_floor(radiance)
    light = luminance_of(radiance)
    low, middle, high = torch.quantile(light.log2().flatten(), torch.tensor([0.001, 0.5, 0.999]))
    stretch = max(1.0, stops / max(float(high - low), 0.1))
    return radiance * torch.exp2((light.log2() - middle) * (stretch - 1) - middle)

"""Scenes that the package invents itself: data without a download, as much as wanted."""

import numpy as np
import torch
from torch import Tensor

from hdrgen.camera import luminance_of
from hdrgen.data.auto_exposure import with_floor
from hdrgen.data.dataset import derived_generator
from hdrgen.data.decoded import Kept
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
    by the camera, anew each epoch. Scenes are kept in memory as far as it is granted, so that an epoch after the first
    takes a small part of its time.

    Args:
        count: Number of scenes.
        size: Height and width in pixels.
        seed: Of the scenes.
        camera: Takes the exposures; None: nine half stops through curves of the sigmoid family.
        cache_gib: Memory for invented scenes in GiB, in each process that loads samples, 12 bytes a pixel: 1000 scenes
            of 128 pixels take 0.2. What finds no room there is invented anew, or kept in the data module's `cache`.
    """

    def __init__(
        self,
        count: int = 1000,
        size: int = 128,
        seed: int = 0,
        camera: StackCamera | None = None,
        cache_gib: float = 0.5,
    ) -> None:
        if count < 1 or size < 16:
            raise InputError(f"expected at least 1 scene of at least 16 pixels, found count={count}, size={size}")
        self.count = count
        self.size = size
        self.seed = seed
        self.camera = camera or StackCamera()
        self.kept = int(cache_gib * 2**30 / (12 * size**2))
        self._cache: dict[int, Tensor] = {}

    def __len__(self) -> int:
        """Number of scenes."""
        return self.count

    def scene(self, index: int) -> str:
        """`procedural_<seed>_<index>`."""
        return f"procedural_{self.seed}_{index:05d}"

    def radiance(self, index: int, generator: torch.Generator) -> Tensor:
        """Invent the scene; nothing of it comes from `generator`."""
        radiance = self._cache.get(index)
        if radiance is None:
            radiance = self._kept(index)
            if len(self._cache) < self.kept:  # each scene is as likely to come again as any other: none has to leave
                self._cache[index] = radiance
        return radiance

    def _kept(self, index: int) -> Tensor:
        """The scene from the cache on disk, where there is one."""
        if self.decoded is None:
            return self._invented(index)
        recipe = ("procedural", self.size, self.seed, index)
        kept = self.decoded.get(recipe, (), lambda: Kept(self._invented(index).numpy(), {}))
        return torch.from_numpy(np.array(kept.pixels))

    def _invented(self, index: int) -> Tensor:
        return procedural_radiance(self.size, derived_generator("procedural", self.seed, index))

    def __getstate__(self) -> dict[str, object]:
        """Leave invented scenes behind when sent to another process."""
        return self.__dict__ | {"_cache": {}}


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

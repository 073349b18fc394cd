"""Exposure stacks rendered from a folder of HDR images."""

from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.data.auto_exposure import auto_exposed
from hdrgen.data.decoded import Kept
from hdrgen.data.reading import read_radiance
from hdrgen.data.scene_names import names_of_files
from hdrgen.data.splits import part_of
from hdrgen.data.virtual.panorama import Views, is_panorama, seen, window, with_margin
from hdrgen.data.virtual.stack_camera import RadianceScenes, StackCamera
from hdrgen.errors import InputError

HALF_MAX = 65504.0
"""Largest float16."""


class _Decoded(NamedTuple):
    """(3, H, W) radiance, float16 or float32; a panorama's with its margin."""

    pixels: Tensor
    panorama: bool


class RenderedStacks(RadianceScenes):
    """Random views of HDR images, each photographed as an exposure stack by a random camera.

    The procedure of DrTMO (Endo et al., 2017), by which Le et al., WACV 2023, made their data: perspective crops of
    panoramas, here every file twice as wide as high, and random squares of all other HDR images. Each of the `views`
    of a scene is a sample of its own; view, response and exposure are drawn anew in each epoch of training and stay
    fixed in evaluation.

    Decoded images are kept in memory with the precision of float16, relative to their median luminance: what is more
    than 65504 times as bright, in practice the core of the sun, is clipped there. Where `cache_gib` holds all of them
    so, they are kept as float32, which views need, else as float16 in half the memory, by the same samples. Panoramas
    are first reduced to the resolution that the narrowest view needs.

    Args:
        root: Folder with .hdr and .exr files, searched with all folders below it.
        size: Height and width of the pictures in pixels.
        views: Samples per scene and epoch.
        camera: Takes the exposures; None: nine half stops through curves of the sigmoid family.
        view: Fields of view and directions in panoramas; None: 60 to 100 degrees.
        scenes: Part of the files, sorted by name, that belongs to this data set, e.g. (0, 0.8) and (0.8, 1) for
            training and test: a scene is never in both.
        cache_gib: Memory for decoded images in GiB, in each process that loads samples; the least recently used
            leave first.

    Raises:
        InputError: No HDR files, or none within `scenes`.
    """

    def __init__(
        self,
        root: str,
        size: int = 256,
        views: int = 1,
        camera: StackCamera | None = None,
        view: Views | None = None,
        scenes: tuple[float, float] = (0.0, 1.0),
        cache_gib: float = 1.0,
    ) -> None:
        if size < 1 or views < 1:
            raise InputError(f"expected at least 1 view of at least 1 pixel, found views={views}, size={size}")
        self.paths = part_of(_hdr_files(Path(root).expanduser()), scenes)
        self.names = names_of_files(self.paths)
        self.size = size
        self.views = views
        self.camera = camera or StackCamera()
        self.view = view or Views()
        self.cache_bytes = cache_gib * 2**30
        self._cache: OrderedDict[Path, _Decoded] = OrderedDict()

    def __len__(self) -> int:
        """Scenes times views."""
        return len(self.paths) * self.views

    def scene(self, index: int) -> str:
        """The file's name, with `_view<n>` when there are several views."""
        name = self.names[index // self.views]
        return name if self.views == 1 else f"{name}_view{index % self.views}"

    def group(self, index: int) -> str:
        """The file's name."""
        return self.names[index // self.views]

    def radiance(self, index: int, generator: torch.Generator) -> Tensor:
        """Draw a view."""
        image, panorama = self._image(self.paths[index // self.views])
        if panorama:
            return seen(image, self.view.draw(generator), self.size)
        return window(image, self.size, generator)

    def _image(self, path: Path) -> _Decoded:
        """The radiance of a file, from memory if it is there."""
        if path in self._cache:
            self._cache.move_to_end(path)
            return self._cache[path]
        image = self._prepared(path)
        panorama = is_panorama(*image.shape[-2:])
        kept = with_margin(image) if panorama else image
        if len(self.paths) * 2 * kept.nbytes <= self.cache_bytes:
            kept = kept.float()
        self._cache[path] = _Decoded(kept, panorama)
        while len(self._cache) > 1 and sum(image.pixels.nbytes for image in self._cache.values()) > self.cache_bytes:
            self._cache.popitem(last=False)
        return self._cache[path]

    def _prepared(self, path: Path) -> Tensor:
        """(3, H, W) float16 radiance of a file relative to its median luminance, reduced; from disk if it is there."""

        def make() -> Kept:
            image = auto_exposed(self._reduced(read_radiance(path)), 50, 1.0).clamp_max(HALF_MAX).half()
            return Kept(image.numpy(), {})

        if self.decoded is None:
            return torch.from_numpy(make().pixels)
        recipe = ("rendered", self.size, list(self.view.field_of_view))
        return torch.from_numpy(np.array(self.decoded.get(recipe, [path], make).pixels))

    def _reduced(self, image: Tensor) -> Tensor:
        """A panorama with as many texels as the narrowest view has pixels; its height is half a turn."""
        height, width = image.shape[-2:]
        needed = round(self.size * 360 / self.view.field_of_view[0] / 2)
        if not is_panorama(height, width) or height <= needed:
            return image
        size = [needed, 2 * needed]
        return functional.interpolate(image[None], size, mode="bilinear", antialias=True)[0]

    def __getstate__(self) -> dict[str, object]:
        """Leave decoded images behind when sent to another process."""
        return self.__dict__ | {"_cache": OrderedDict()}


def _hdr_files(root: Path) -> list[Path]:
    if not root.is_dir():
        raise InputError(
            f"{root}: expected a folder with .hdr or .exr files, found {'a file' if root.exists() else 'nothing'}"
        )
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in (".hdr", ".exr") and path.is_file())
    if not paths:
        names = sorted(path.name for path in root.iterdir())[:8]
        raise InputError(f"{root}: expected .hdr or .exr files, found {', '.join(names) or 'an empty folder'}")
    return paths

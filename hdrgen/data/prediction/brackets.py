"""Photographs that belong together, to predict from: the exposures of one scene."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.data.dataset import local_reference
from hdrgen.data.datasets.photographed import PhotographedStacks, StackFiles
from hdrgen.data.reading import FramePixels, read_frame
from hdrgen.data.sample import Sample
from hdrgen.data.selection import Selection, WholeStack
from hdrgen.errors import InputError, InputWarning
from hdrgen.io import (
    Frame,
    RawDevelopment,
    Turning,
    WhiteLevel,
    grouped,
    images_in,
    is_raw,
    read_header,
    read_image,
    read_stack,
    shared_development,
    tell_single,
    turned_alike,
)

GRID = 2**17
"""Pixels of each frame that are looked at for its white."""


class Brackets(PhotographedStacks):
    """Scenes of several photographs each, for methods that merge exposures; the middle exposure is the reference.

    A folder with images is a scene, a folder with folders of images is one scene for each of them, and files named one
    by one are a scene; several brackets that lie together are told apart, see `hdrgen.io.grouped`. Exposures come from
    EXIF, a list beside the images, or file names, see `hdrgen.io.read_stack`. A scene that cannot be read raises when
    it is asked for.

    Args:
        sources: Files, folders or glob patterns.
        clean: Replace NaN, infinite, negative and black pixels of linear files instead of failing.
        max_megapixels: Refuse larger photographs.
        selection: Which photographs of a scene are read.

    Raises:
        InputError: Nothing found.
    """

    def __init__(
        self,
        sources: Sequence[str | Path],
        clean: bool = False,
        max_megapixels: float = 500,
        selection: Selection | None = None,
    ) -> None:
        self.scenes = grouped(sources)
        tell_single(self.scenes)
        super().__init__([scene.folder for scene in self.scenes])
        self.names = [scene.name for scene in self.scenes]
        self._turnings: dict[int, Turning | None] = {}
        self.clean = clean
        self.max_megapixels = max_megapixels
        self.selection = selection or WholeStack()
        self._developments: dict[int, dict[Path, RawDevelopment]] = {}
        self._shares: dict[int, float] = {}
        self._codes: dict[Path, np.dtype[Any] | None] = {}

    def frames_of(self, index: int) -> Sequence[Frame]:
        """All photographs of a scene, dark to bright."""
        folder, files = self.folders[index], self.scenes[index].files
        paths = images_in(folder) if files is None else files
        if len(paths) < 2:
            raise InputError(
                f"{paths[0]}: expected several exposures of one scene for this method, found one photograph;"
                " pass a darker, a middle and a brighter one, or a folder for each scene that holds them"
            )
        return read_stack(folder if files is None else files)

    @property
    def photographs(self) -> list[Path]:
        """All that may be read."""
        return [path for scene in self.scenes for path in scene.photographs]

    def display(self, index: int, path: Path) -> FramePixels:
        """(3, H, W) display values of one photograph; RAW ones are developed as the reference of their scene."""
        frame = read_frame(
            path,
            clean=self.clean,
            max_megapixels=self.max_megapixels,
            development=self._development(index, path) if is_raw(path) else None,
            turning=self._turning(index),
        )
        self._codes[path] = None if frame.linear else frame.codes
        return frame

    def _development(self, index: int, path: Path) -> RawDevelopment | None:
        stack = self._stack(index)
        if index not in self._developments and all(map(is_raw, stack.paths)):
            shared = shared_development(stack.paths, stack.ev.tolist(), stack.reference, RawDevelopment())
            self._shares[index] = shared.share
            self._developments[index] = {each: shared.frame(at) for at, each in enumerate(stack.paths)}
            for note in shared.notes:
                warnings.warn(InputWarning(f"{self.names[index]}: {note}"), stacklevel=2)
        return self._developments.get(index, {}).get(path)

    def _turning(self, index: int) -> Turning | None:
        """How all photographs are turned, where their orientation tags differ; their pixels are then read for it."""
        if index not in self._turnings:
            paths = [frame.path for frame in self.frames_of(index)]
            if len({read_header(path).orientation for path in paths}) < 2:
                self._turnings[index] = None
            else:
                images = [read_image(path, clean=self.clean, max_megapixels=self.max_megapixels) for path in paths]
                turned = turned_alike(images, [path.name for path in paths], self.names[index], (len(paths) - 1) // 2)
                same = {image.orientation for image in turned}
                self._turnings[index] = Turning(same.pop()) if len(same) == 1 else None
        return self._turnings[index]

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read these frames; `path` is that of the reference, whose camera and colour space are those of the scene."""
        sample = super().load(index, frames, generator=generator)
        stack = self._stack(index)
        sample["path"] = str(stack.paths[stack.reference])
        if self._shares.get(index, 1.0) != 1:
            sample["share"] = torch.tensor(self._shares[index])
        self._lift_white(index, sample, [self._codes.get(stack.paths[frame]) for frame in frames])
        return sample

    def _lift_white(self, index: int, sample: Sample, codes: Sequence[np.dtype[Any] | None]) -> None:
        """Make white what the frames clip below their largest code, as merges without a network do, and tell it."""
        ldr = sample["ldr"]
        if codes[0] is None or len({*codes}) > 1:
            return
        top, dtype = np.iinfo(codes[0]).max, codes[0]
        step = max(1, int((ldr.shape[-2] * ldr.shape[-1] / GRID) ** 0.5))

        def as_codes(frame: Tensor) -> NDArray[Any]:
            return np.rint(frame.permute(1, 2, 0).numpy() * np.float32(top)).astype(dtype)

        level = WhiteLevel.found(
            [as_codes(frame[:, ::step, ::step]).reshape(-1, 3) for frame in ldr], sample["ev"].tolist()
        )
        if level is None:
            return
        for frame in ldr:
            lifted = level.applied(as_codes(frame), own=True)
            frame.copy_(torch.from_numpy(lifted.astype(np.float32)).permute(2, 0, 1)).div_(top)
        warnings.warn(InputWarning(f"{self.names[index]}: {level}"), stacklevel=3)

    def _stack(self, index: int) -> StackFiles:
        if index not in self._stacks:
            whole = super()._stack(index)
            frames = self.selection(whole.ev, whole.reference, torch.Generator())
            paths = [whole.paths[frame] for frame in frames]
            if len(frames) < len(whole.paths):
                self._tell(index, paths, whole)
            self._stacks[index] = StackFiles(paths, whole.ev[frames], local_reference(frames, whole.reference))
        return self._stacks[index]

    def _tell(self, index: int, chosen: Sequence[Path], whole: StackFiles) -> None:
        """Say which photographs of a scene are taken, where it has more."""
        stops = whole.ev - whole.ev[whole.reference]
        named = [f"{path.name} (EV {stops[whole.paths.index(path)]:+.1f})" for path in chosen]
        taken = f"{', '.join(named)}, of {len(whole.paths)} photographs"
        warnings.warn(InputWarning(f"{self.scene(index)}: this method takes {len(chosen)}: {taken}"), stacklevel=2)

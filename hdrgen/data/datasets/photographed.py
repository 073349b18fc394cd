"""Exposure stacks that lie on disk as image files: what all data sets of photographs share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.camera import SRGB, CameraResponse, relative_ev
from hdrgen.data.dataset import StackDataset, local_reference, random_place
from hdrgen.data.decoded import Kept
from hdrgen.data.packing import as_rows, packed, unpacked
from hdrgen.data.reading import FramePixels, read_frame, shrunk, squared
from hdrgen.data.sample import RESPONSE_LEVELS, Sample
from hdrgen.data.scene_names import names_of_folders
from hdrgen.errors import InputError
from hdrgen.io import Frame, read_stack

TOLERANCE = 1 / 3 + 1e-3
"""Stops between an exposure and the one asked for: cameras step in thirds, which nominal times round."""
Fit = Callable[[Tensor], Tensor]
"""Resizes (N, 3, H, W); the same for exposures and truth."""


@dataclass(frozen=True)
class StackFiles:
    """The chosen frames of one scene, dark to bright.

    Attributes:
        paths: Their files.
        ev: (S,) stops relative to the reference.
        reference: Index of EV 0.
        origin: Exposure of the reference in the stops of its source: a list's, or log2 of its settings.
    """

    paths: Sequence[Path]
    ev: Tensor
    reference: int
    origin: float = 0.0


@dataclass(frozen=True)
class StackOptions:
    """Which frames of a stack to keep, and their size; the arguments that data sets of photographs have in common.

    Attributes:
        reference: Index of the reference exposure, dark to bright, negative from the brightest; None: the middle one,
            the darker of the two where their number is even.
        evs: Keep only the exposures nearest to these, in stops relative to the reference, 0 among them. Each must be
            there within a third of a stop.
        frames: Keep at most this many, those nearest to the reference in EV.
        max_side: Shrink larger images to this many pixels, antialiased.
        square: Resize to this many pixels in height and width, antialiased, whatever the aspect: the way of papers
            that evaluate at 256 x 256.

    Raises:
        InputError: `evs` without 0; no frames or pixels to keep; both `max_side` and `square`.
    """

    reference: int | None = None
    evs: Sequence[float] | None = None
    frames: int | None = None
    max_side: int | None = None
    square: int | None = None

    def __post_init__(self) -> None:
        """Check what would otherwise fail in the middle of a run."""
        if self.evs is not None and 0 not in self.evs:
            raise InputError(f"expected 0, the reference, among the exposures, found {list(self.evs)}")
        for name in ("frames", "max_side", "square"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"expected {name} of at least 1, found {value}")
        if self.max_side is not None and self.square is not None:
            raise InputError(
                f"expected one size, found max_side={self.max_side} and square={self.square}; pass one of them"
            )

    @property
    def fit(self) -> Fit:
        """Resizes images as `max_side` and `square` say."""
        return partial(shrunk, max_side=self.max_side) if self.square is None else partial(squared, side=self.square)

    def select(self, frames: Sequence[Frame], place: Path) -> StackFiles:
        """The frames that are kept of a stack, which is dark to bright; `place` names it in errors."""
        stops = torch.tensor([frame.exposure.stops for frame in frames], dtype=torch.float64)
        reference = (len(frames) - 1) // 2 if self.reference is None else self.reference
        ev = relative_ev(stops, reference)
        indices = sorted(_nearest_to(ev, self.evs, place) if self.evs else range(len(frames)))
        if self.frames is not None:
            indices = sorted(sorted(indices, key=lambda frame: abs(float(ev[frame])))[: self.frames])
        kept = ev[indices]
        paths = [frames[frame].path for frame in indices]
        return StackFiles(paths, kept.float(), int(kept.abs().argmin()), float(stops[reference]))


class PhotographedStacks(StackDataset):
    """Scenes whose exposures are image files: subclasses list the folders and find the truth.

    Headers are read when a scene is first asked for, pixels only of the frames that are loaded.

    Args:
        folders: One for each scene.
        options: Which frames to keep of each, and their size.
        response: The camera's response where it is known; gives `inverse_response`. Known for RAW without asking.
    """

    def __init__(
        self, folders: Sequence[Path], options: StackOptions | None = None, response: CameraResponse | None = None
    ) -> None:
        self.folders = list(folders)
        self.names = names_of_folders(self.folders)
        self.options = options or StackOptions()
        self.response = response
        self._stacks: dict[int, StackFiles] = {}

    def frames_of(self, index: int) -> Sequence[Frame]:
        """All frames of a scene, dark to bright; reads no pixels."""
        return read_stack(self.folders[index])

    def display(self, index: int, path: Path) -> FramePixels:
        """(3, H, W) display values of one frame of a scene."""
        return read_frame(path)

    def truth(self, index: int) -> tuple[Path, Tensor] | None:
        """The file with the radiance of a scene and its (3, H, W) pixels; None where there is none."""
        return None

    def __len__(self) -> int:
        """Number of scenes."""
        return len(self.folders)

    def scene(self, index: int) -> str:
        """The folder's name, with that of the folder above it where two have the same."""
        return self.names[index]

    def exposures(self, index: int) -> Tensor:
        """(S,) exposures that are kept, in stops relative to the reference."""
        return self._stack(index).ev

    def reference(self, index: int) -> int:
        """Index of the reference among them."""
        return self._stack(index).reference

    def truth_files(self, index: int) -> Sequence[Path]:
        """What `truth` is read from, where that may be kept; a change of them changes the scene."""
        return ()

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read these frames, and the truth where there is one."""
        # One by one, so that a long bracket of large photographs is never in memory as a whole.
        return self._sample(index, frames, self._frames(index, frames), slice(None), slice(None))

    def load_square(self, index: int, frames: Sequence[int], side: int, *, generator: torch.Generator) -> Sample:
        """Read a random square of these frames; of frames that are kept decoded, no more than that."""
        if self.decoded is None or type(self).load is not PhotographedStacks.load:
            return super().load_square(index, frames, side, generator=generator)
        images = self._frames(index, frames)
        height, width = next(iter(images.values())).pixels.shape[:2]
        top, left = random_place(height, width, side, generator)
        return self._sample(index, frames, images, slice(top, top + side), slice(left, left + side))

    def _sample(
        self, index: int, frames: Sequence[int], images: dict[int, Kept], rows: slice, columns: slice
    ) -> Sample:
        """The sample of these images, or of a part of them."""
        stack = self._stack(index)
        parts = {frame: unpacked(image.pixels[rows, columns]) for frame, image in images.items()}
        ldr = torch.stack([parts[frame] for frame in frames])
        sample = sample_of(ldr, stack.ev, stack.reference, frames, self.scene(index))
        truth = self._truth(index)
        if truth is not None:
            whole = next(iter(images.values())).pixels.shape[:2]
            _check_truth(Path(truth.facts["path"]), truth.pixels.shape[:2], whole)
            sample["hdr"] = unpacked(truth.pixels[rows, columns])
        response = self.response or (SRGB() if all(image.facts["linear"] for image in images.values()) else None)
        if response is not None:
            sample["inverse_response"] = response.inverse(torch.linspace(0, 1, RESPONSE_LEVELS))
        return sample

    def _frames(self, index: int, frames: Sequence[int]) -> dict[int, Kept]:
        paths = self._stack(index).paths
        images = {frame: self._image(index, paths[frame]) for frame in dict.fromkeys(frames)}
        sizes = {paths[frame].name: tuple(image.facts["size"]) for frame, image in images.items()}
        _check_sizes(self.folders[index], sizes)
        return images

    def _image(self, index: int, path: Path) -> Kept:
        """One exposure in its final size, (H, W, 3); whether its values were linear, and the size that it had."""

        def make() -> Kept:
            frame = self.display(index, path)
            fitted = self.options.fit(frame.display[None])[0]
            return Kept(self._rows(fitted), {"linear": frame.linear, "size": list(frame.display.shape[-2:])})

        if self.decoded is None:
            return make()
        return self.decoded.get(("frame", *self._recipe()), [path, *self.truth_files(index)], make)

    def _truth(self, index: int) -> Kept | None:
        """The radiance in its final size, (H, W, 3), and the name of its file."""

        def make() -> Kept | None:
            truth = self.truth(index)
            if truth is None:
                return None
            path, radiance = truth
            return Kept(self._rows(self.options.fit(radiance[None])[0]), {"path": str(path)})

        files = self.truth_files(index)
        if self.decoded is None or not files:
            return make()
        return self.decoded.get(("truth", *self._recipe(), self._stack(index).origin), files, make)

    def _rows(self, image: Tensor) -> NDArray[Any]:
        return as_rows(image) if self.decoded is None else packed(image)

    def _recipe(self) -> tuple[object, ...]:
        """Everything about the data set that may decide what becomes of a file: its class and its plain arguments."""
        plain = {name: value for name, value in vars(self).items() if isinstance(value, (bool, int, float, str))}
        kind = type(self)
        return kind.__module__, kind.__qualname__, self.options, sorted(plain.items())

    def _stack(self, index: int) -> StackFiles:
        if index not in self._stacks:
            self._stacks[index] = self.options.select(self.frames_of(index), self.folders[index])
        return self._stacks[index]


def sample_of(ldr: Tensor, ev: Tensor, reference: int, frames: Sequence[int], scene: str) -> Sample:
    """The sample of these frames of a scene.

    Args:
        ldr: (S, 3, H, W) display values of the frames.
        ev: Exposures of the whole stack in stops.
        reference: Index of the reference within the whole stack.
        frames: Ascending indices into the whole stack.
        scene: Its name.
    """
    ref = torch.tensor(local_reference(frames, reference))
    return Sample(ldr=ldr, ev=ev[list(frames)], ref=ref, scene=scene)


def _nearest_to(ev: Tensor, evs: Sequence[float], place: Path) -> list[int]:
    """The frames nearest to the exposures `evs`, each within a third of a stop."""
    distance = (ev[None] - torch.tensor(evs, dtype=ev.dtype)[:, None]).abs()
    smallest, frames = distance.min(1)
    missing = [value for value, far in zip(evs, smallest.tolist(), strict=True) if far > TOLERANCE]
    if missing or len(set(frames.tolist())) < len(evs):
        listed = ", ".join(f"{value:+.2f}" for value in ev.tolist())
        raise InputError(f"{place}: expected exposures at {list(evs)} EV within a third of a stop, found {listed}")
    return [int(frame) for frame in frames]


def _check_sizes(place: Path, sizes: dict[str, tuple[int, ...]]) -> None:
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{name}: {width} x {height}" for name, (height, width) in sizes.items())
        raise InputError(f"{place}: expected frames of one size, found {listed}; remove or resize the odd one")


def _check_truth(path: Path, found: tuple[int, ...], expected: tuple[int, ...]) -> None:
    if found != expected:
        (height, width), (h, w) = found, expected
        raise InputError(f"{path}: expected the size of the exposures, {w} x {h}, found {width} x {height}")

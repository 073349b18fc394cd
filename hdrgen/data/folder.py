"""Real exposure stacks: a folder per scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hdrgen.camera import SRGB, CameraResponse, relative_ev
from hdrgen.data.dataset import StackDataset, local_reference
from hdrgen.data.layout import wrong_layout
from hdrgen.data.reading import read_frame, read_radiance, shrunk
from hdrgen.data.sample import RESPONSE_LEVELS, Sample
from hdrgen.errors import InputError
from hdrgen.io import find_images, read_stack

TRUTH_SUFFIXES = (".hdr", ".exr")
TOLERANCE = 1 / 3 + 1e-3


@dataclass(frozen=True)
class _Stack:
    """The chosen frames of one scene, dark to bright."""

    paths: list[Path]
    ev: Tensor
    reference: int


class ExposureStackFolder(StackDataset):
    """Exposure stacks as photographed: `<root>/<scene>/` with images and their exposures; `root` may be one scene.

    Exposures come from EXIF, a list such as `exposures.csv` beside the images, or file names, see
    `hdrgen.io.read_stack`. RAW frames are linear: clipped at the white level and encoded with the sRGB curve, they
    become display values like the others. A `.hdr` or `.exr` file in the scene's folder, or in a folder directly in
    it, is its truth and becomes `hdr`, on the scale it is stored in. Headers are read when a scene is first asked for,
    pixels only of the frames that are loaded.

    Args:
        root: folder of scene folders, or one scene folder.
        reference: index of the reference exposure, dark to bright, negative from the brightest; None: the middle one,
            the darker of the two where their number is even.
        evs: keep only the exposures nearest to these, in stops relative to the reference, 0 among them. Each must be
            there within a third of a stop.
        frames: keep at most this many, those nearest to the reference in EV.
        max_side: shrink larger images to this many pixels, antialiased.
        response: the camera's response where it is known; gives `inverse_response`. Known for RAW without asking.

    Raises:
        InputError: no scenes; `evs` without 0; no frames or pixels to keep. A scene that cannot be read raises when it
            is asked for.
    """

    def __init__(
        self,
        root: str,
        reference: int | None = None,
        evs: list[float] | None = None,
        frames: int | None = None,
        max_side: int | None = None,
        response: CameraResponse | None = None,
    ) -> None:
        if evs is not None and 0 not in evs:
            raise InputError(f"expected 0, the reference, among the wanted exposures, found {evs}")
        for name, value in (("frames", frames), ("max_side", max_side)):
            if value is not None and value < 1:
                raise InputError(f"expected {name} of at least 1, found {value}")
        self.folders = _scene_folders(Path(root).expanduser())
        self.wanted_reference = reference
        self.evs = evs
        self.frames = frames
        self.max_side = max_side
        self.response = response
        self._stacks: dict[int, _Stack] = {}

    def __len__(self) -> int:
        """Number of scene folders."""
        return len(self.folders)

    def scene(self, index: int) -> str:
        """The folder's name."""
        return self.folders[index].resolve().name

    def exposures(self, index: int) -> Tensor:
        """(S,) exposures that are kept, in stops relative to the reference."""
        return self._stack(index).ev

    def reference(self, index: int) -> int:
        """Index of the reference among them."""
        return self._stack(index).reference

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Read these frames, and the truth where there is one."""
        stack = self._stack(index)
        images = {frame: read_frame(stack.paths[frame]) for frame in dict.fromkeys(frames)}
        sample = Sample(
            ldr=shrunk(torch.stack([images[frame].display for frame in frames]), self.max_side),
            ev=stack.ev[list(frames)],
            ref=torch.tensor(local_reference(frames, stack.reference)),
            scene=self.scene(index),
        )
        truth = _truth(self.folders[index])
        if truth is not None:
            sample["hdr"] = self._radiance(truth, sample["ldr"])
        response = self.response or (SRGB() if all(image.linear for image in images.values()) else None)
        if response is not None:
            sample["inverse_response"] = response.inverse(torch.linspace(0, 1, RESPONSE_LEVELS))
        return sample

    def _radiance(self, truth: Path, ldr: Tensor) -> Tensor:
        hdr = shrunk(read_radiance(truth)[None], self.max_side)[0]
        if hdr.shape[-2:] != ldr.shape[-2:]:
            (height, width), (h, w) = hdr.shape[-2:], ldr.shape[-2:]
            raise InputError(f"{truth}: expected the size of the exposures, {w} x {h}, found {width} x {height}")
        return hdr

    def _stack(self, index: int) -> _Stack:
        if index not in self._stacks:
            self._stacks[index] = self._chosen(self.folders[index])
        return self._stacks[index]

    def _chosen(self, folder: Path) -> _Stack:
        frames = read_stack(folder)
        stops = torch.tensor([frame.exposure.stops for frame in frames], dtype=torch.float64)
        middle = (len(frames) - 1) // 2
        reference = middle if self.wanted_reference is None else self.wanted_reference
        ev = relative_ev(stops, reference)
        kept = sorted(_nearest_to(ev, self.evs, folder) if self.evs else range(len(frames)))
        if self.frames is not None:
            kept = sorted(sorted(kept, key=lambda frame: abs(float(ev[frame])))[: self.frames])
        chosen = ev[kept]
        return _Stack([frames[frame].path for frame in kept], chosen.float(), int(chosen.abs().argmin()))


def _nearest_to(ev: Tensor, wanted: Sequence[float], folder: Path) -> list[int]:
    """The frames nearest to the wanted exposures, each within a third of a stop."""
    distance = (ev[None] - torch.tensor(wanted, dtype=ev.dtype)[:, None]).abs()
    smallest, frames = distance.min(1)
    missing = [value for value, far in zip(wanted, smallest.tolist(), strict=True) if far > TOLERANCE]
    if missing or len(set(frames.tolist())) < len(wanted):
        there = ", ".join(f"{value:+.2f}" for value in ev.tolist())
        raise InputError(f"{folder}: expected exposures at {list(wanted)} EV within a third of a stop, found {there}")
    return [int(frame) for frame in frames]


def _scene_folders(root: Path) -> list[Path]:
    if root.is_dir():
        if _holds_exposures(root):
            return [root]
        scenes = sorted(path for path in root.iterdir() if path.is_dir() and _holds_exposures(path))
        if scenes:
            return scenes
    expected = "<root>/<scene>/{images, exposures.csv where they have no EXIF, truth.exr where there is one}"
    raise wrong_layout(root, expected, "pass the folder that holds the scenes' folders, or one of them")


def _holds_exposures(folder: Path) -> bool:
    return any(path.suffix.lower() not in TRUTH_SUFFIXES for path in _images(folder))


def _truth(folder: Path) -> Path | None:
    """The one HDR file of a scene, beside the exposures or one folder below."""
    for places in ([folder], sorted(path for path in folder.iterdir() if path.is_dir())):
        found = [path for place in places for path in _images(place) if path.suffix.lower() in TRUTH_SUFFIXES]
        if len(found) > 1:
            names = ", ".join(path.name for path in found)
            raise InputError(f"{folder}: expected one .hdr or .exr as the truth, found {names}; remove the others")
        if found:
            return found[0]
    return None


def _images(folder: Path) -> list[Path]:
    try:
        return find_images([folder])
    except InputError:  # none: for a folder that is only looked at, that is an answer
        return []

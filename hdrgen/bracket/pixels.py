"""The pixels of a bracket in memory, made ready for a merge."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.bracket.bracket import Bracket
from hdrgen.bracket.progress_bar import progress
from hdrgen.errors import InputError
from hdrgen.fusion import Alignment, Rows, align_photographs, aligned
from hdrgen.io import BT709, Camera, Image, check_memory, named_like, read_image, same_colours, turned_alike
from hdrgen.tiling import row_slices

SAMPLE = 2**17  # pixels of each frame for calibration: 500 for each of 256 levels, and a few megabytes
ROWS = 128  # of a frame that are converted at a time
SMALLEST = 16  # pixels that alignment must leave along each side, where there are so many; it cuts to what all show
MERGE_BYTES = 20  # for each pixel beyond the frames, measured by benchmarks/verb_memory.py
DARKER = 0.02  # display values by which a longer exposure may be darker in the mean: light changes a little


@dataclass
class BracketPixels:
    """Pixels of a bracket, dark to bright.

    Attributes:
        bracket: The files and their exposures.
        pixels: (H, W, 3) each: uint8 or uint16 codes, or floats in [0, 1].
        size: Height and width of the frames before alignment.
        linear: Whether they are linear (RAW, float TIFF), not encoded for display.
        camera: What took them, where the files say so.
        chromaticities: Primaries and white of their colours, where the files say so.
        rows: The frames to merge: the pixels themselves, or after `align` the area that all of them show.
        alignments: How each frame lies relative to the middle one; filled by `align`.
    """

    bracket: Bracket
    pixels: list[NDArray[Any]]
    size: tuple[int, int]
    linear: bool = False
    camera: Camera | None = None
    chromaticities: tuple[float, ...] | None = None
    rows: list[Rows] = field(default_factory=list)
    alignments: list[Alignment] = field(default_factory=list)

    @classmethod
    def read(cls, bracket: Bracket, max_megapixels: float) -> BracketPixels:
        """Read all frames.

        Raises:
            InputError: Unreadable files, more than memory holds, linear beside encoded ones, or exposures that
                contradict the pictures.
        """
        images = []
        with progress(f"{bracket.name}: reading") as done:
            for index, frame in enumerate(bracket.frames, 1):
                images.append(read_image(frame.path, max_megapixels=max_megapixels))
                if index == 1:
                    _check_memory(bracket, images[0].pixels, max_megapixels)
                done(index / len(bracket.frames))
        return cls.of_images(bracket, images)

    @classmethod
    def of_images(cls, bracket: Bracket, images: Sequence[Image]) -> BracketPixels:
        """Take frames that have been read, with what their files say.

        Raises:
            InputError: Linear beside encoded ones, several colour spaces, or exposures that contradict the pictures.
        """
        if len({image.linear for image in images}) > 1:
            kinds = ", ".join(
                f"{frame.path.name} is {'linear' if image.linear else 'encoded'}"
                for frame, image in zip(bracket.frames, images, strict=True)
            )
            raise InputError(f"{bracket.name}: expected frames of one kind, found linear and encoded ones ({kinds})")
        _check_colours(bracket, images)
        names = [frame.path.name for frame in bracket.frames]
        images = turned_alike(images, names, bracket.name, bracket.middle)
        middle = images[bracket.middle]
        loaded = cls.of(bracket, [image.pixels for image in images])
        loaded.linear, loaded.camera, loaded.chromaticities = middle.linear, middle.camera, middle.chromaticities
        return loaded

    @classmethod
    def of(cls, bracket: Bracket, frames: Sequence[NDArray[Any]]) -> BracketPixels:
        """Take frames (H, W, 3) that are in memory already, encoded for display.

        Raises:
            InputError: Exposures that contradict the pictures.
        """
        codes = [frame if frame.dtype.kind == "u" else frame.astype(np.float32).clip(0, 1) for frame in frames]
        height, width, _ = codes[0].shape
        loaded = cls(bracket, codes, (height, width), rows=list(codes))
        loaded._check_order()
        return loaded

    def align(self, *, shifts_only: bool) -> None:
        """Bring the frames to how the middle one shows the scene, cut to what all show.

        Raises:
            InputError: They have nothing in common.
        """
        bracket = self.bracket
        with progress(f"{bracket.name}: aligning") as done:
            self.alignments = align_photographs(
                self.pixels, bracket.middle, linear=self.linear, shifts_only=shifts_only, progress=done
            )
        for frame, alignment in zip(bracket.frames, self.alignments, strict=True):
            if not alignment.reliable:
                done_so = "left as it is" if alignment.still else "moved like its neighbour in exposure"
                warnings.warn(f"{frame.path}: shows too little in common to align it; {done_so}", stacklevel=2)
        self.rows = aligned(self.pixels, [alignment.matrix for alignment in self.alignments])
        if any(left < min(SMALLEST, side) for left, side in zip(self.rows[0].shape[:2], self.size, strict=True)):
            raise InputError(f"{bracket.name}: the frames have no area in common; leave out those that do not belong")

    def release(self) -> None:
        """Forget the pixels, whose memory the writer may need."""
        self.pixels.clear()
        self.rows.clear()

    def sample(self) -> Tensor:
        """A grid of pixels of every frame, as it was before alignment: display values (S, 3, h, w)."""
        height, width = self.size
        step = max(1, int((height * width / SAMPLE) ** 0.5))
        grids = [np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step]) for pixels in self.pixels]
        return torch.stack([torch.from_numpy(_display(grid)).permute(2, 0, 1) for grid in grids])

    def _check_order(self) -> None:
        """Longer exposures are brighter: where they are not, a merge would be all wrong."""
        means = self.sample().mean(dim=(1, 2, 3)).tolist()
        for index in range(1, len(means)):
            if means[index] < means[index - 1] - DARKER:
                darker, brighter = self.bracket.frames[index - 1 : index + 1]
                raise InputError(
                    f"{self.bracket.name}: {brighter.path.name} ({brighter.exposure}) is darker than"
                    f" {darker.path.name} ({darker.exposure}) although it was exposed longer;{_reversed(means)} correct"
                    " the exposures",
                    "ev",
                )


def _reversed(means: Sequence[float]) -> str:
    """What to say where every longer exposure is darker."""
    if any(brighter >= darker for darker, brighter in itertools.pairwise(means)):
        return ""
    return " all are in the opposite order, as shutter speeds (100 for 1/100 s) or stops of the wrong sign are;"


def display_frame(frame: Rows) -> Tensor:
    """Display values (3, H, W) of a frame, converted a few rows at a time."""
    height, width, _ = frame.shape
    planes = torch.empty(3, height, width)
    for rows in row_slices(height, ROWS):
        planes[:, rows] = torch.from_numpy(_display(frame[rows])).permute(2, 0, 1)
    return planes


def _check_memory(bracket: Bracket, first: NDArray[Any], max_megapixels: float) -> None:
    """All frames and the merge of them, by the first of them."""
    height, width, channels = first.shape
    held = channels * (first.itemsize if first.dtype.kind == "u" else 4)  # floats are made float32
    each = held * len(bracket.frames) + MERGE_BYTES
    check_memory(bracket.frames[0].path, width, height, each, max_megapixels)


def _check_colours(bracket: Bracket, images: Sequence[Image]) -> None:
    """Files without a colour space count as BT.709.

    Raises:
        InputError: Photographs in different colour spaces.
    """
    spaces = [image.chromaticities or BT709.chromaticities for image in images]
    if all(same_colours(space, spaces[0]) for space in spaces):
        return
    named = {frame.path.name: named_like(space) for frame, space in zip(bracket.frames, spaces, strict=True)}
    found = ", ".join(f"{name} {space.name if space else 'another'}" for name, space in sorted(named.items()))
    raise InputError(f"{bracket.name}: expected frames of one colour space, found {found}; convert them")


def _display(pixels: NDArray[Any]) -> NDArray[np.float32]:
    if pixels.dtype.kind != "u":
        return pixels.astype(np.float32, copy=False)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)

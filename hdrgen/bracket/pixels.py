"""The photographs of a stack in memory, made ready for a merge."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.bracket.progress_bar import progress
from hdrgen.cli.exposure_options import Stack
from hdrgen.errors import InputError
from hdrgen.fusion import Alignment, align_photographs, aligned
from hdrgen.fusion.streaming import ROWS, Rows
from hdrgen.io import BT709, Camera, Image, read_image
from hdrgen.io.colour import named_like, same_colours

SAMPLE = 2**17  # pixels of each frame that a calibration is given
SMALLEST = 16  # pixels that must be left along each side
FALLS = 0.02  # display values by which a longer exposure may be darker in the mean


@dataclass
class Photographs:
    """Pixels of a stack, dark to bright.

    Attributes:
        pixels: (H, W, 3) each: uint8 or uint16 codes, or floats in [0, 1].
        size: height and width of the frames.
        linear: whether they are linear (RAW, float TIFF).
        camera: what took them, where the files say so.
        chromaticities: of their colours, where the files say so.
        rows: the frames to merge: the pixels themselves, or after :meth:`align` what all of them show.
        alignments: how each lies relative to the middle one; filled by :meth:`align`.
    """

    pixels: list[NDArray[Any]]
    size: tuple[int, int]
    linear: bool
    camera: Camera | None
    chromaticities: tuple[float, ...] | None
    rows: list[Rows] = field(default_factory=list)
    alignments: list[Alignment] = field(default_factory=list)

    @classmethod
    def read(cls, stack: Stack, max_megapixels: float) -> Photographs:
        """Read all frames.

        Raises:
            InputError: unreadable, linear beside encoded ones, or exposures that contradict the pictures.
        """
        images = []
        with progress(f"{stack.name}: reading") as done:
            for index, frame in enumerate(stack.frames, 1):
                images.append(read_image(frame.path, max_megapixels=max_megapixels))
                done(index / len(stack.frames))
        if len({image.linear for image in images}) > 1:
            kinds = ", ".join(
                f"{frame.path.name} is {'linear' if image.linear else 'encoded'}"
                for frame, image in zip(stack.frames, images, strict=True)
            )
            raise InputError(f"{stack.name}: expected frames of one kind, found linear and encoded ones ({kinds})")
        _check_colours(stack, images)
        middle = images[stack.middle]
        loaded = cls.of(stack, [image.pixels for image in images])
        loaded.linear, loaded.camera, loaded.chromaticities = middle.linear, middle.camera, middle.chromaticities
        return loaded

    @classmethod
    def of(cls, stack: Stack, pixels: Sequence[NDArray[Any]]) -> Photographs:
        """Frames (H, W, 3) that are in memory already, encoded for display.

        Raises:
            InputError: exposures that contradict the pictures.
        """
        codes = [_codes(image) for image in pixels]
        height, width, _ = codes[0].shape
        made = cls(codes, (height, width), linear=False, camera=None, chromaticities=None, rows=list(codes))
        made._check_order(stack)
        return made

    def align(self, stack: Stack, *, shifts_only: bool) -> None:
        """Bring the frames to how the middle one shows the scene, cut to what all show.

        Raises:
            InputError: they have nothing in common.
        """
        with progress(f"{stack.name}: aligning") as done:
            self.alignments = align_photographs(
                self.pixels, stack.middle, linear=self.linear, shifts_only=shifts_only, progress=done
            )
        for frame, alignment in zip(stack.frames, self.alignments, strict=True):
            if not alignment.reliable:
                warnings.warn(f"{frame.path}: shows too little in common to align it; left as it is", stacklevel=2)
        self.rows = aligned(self.pixels, [alignment.matrix for alignment in self.alignments])
        if min(self.rows[0].shape[:2]) < SMALLEST:
            raise InputError(f"{stack.name}: the frames have no area in common; leave out those that do not belong")

    def release(self) -> None:
        """Forget the pixels, whose memory the writer may need."""
        self.pixels.clear()
        self.rows.clear()

    def sample(self) -> Tensor:
        """A grid of pixels of every frame, display values (S, 3, h, w)."""
        height, width = self.size
        step = max(1, int((height * width / SAMPLE) ** 0.5))
        grids = [np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step]) for pixels in self.pixels]
        return torch.stack([torch.from_numpy(_display(grid)).permute(2, 0, 1) for grid in grids])

    def _check_order(self, stack: Stack) -> None:
        """Longer exposures are brighter: where they are not, a merge would be all wrong."""
        means = self.sample().mean(dim=(1, 2, 3)).tolist()
        for index in range(1, len(means)):
            if means[index] < means[index - 1] - FALLS:
                darker, brighter = stack.frames[index - 1 : index + 1]
                text = (
                    f"{stack.name}: {brighter.path.name} ({brighter.exposure}) is darker than {darker.path.name}"
                    f" ({darker.exposure}) although it was exposed longer"
                )
                raise InputError(f"{text}; correct the exposures with --times or --ev")


def _check_colours(stack: Stack, images: Sequence[Image]) -> None:
    """What says nothing is taken for BT.709.

    Raises:
        InputError: photographs in different colours.
    """
    spaces = [image.chromaticities or BT709.chromaticities for image in images]
    if all(same_colours(space, spaces[0]) for space in spaces):
        return
    named = {frame.path.name: named_like(space) for frame, space in zip(stack.frames, spaces, strict=True)}
    found = ", ".join(f"{name} {space.name if space else 'another'}" for name, space in sorted(named.items()))
    raise InputError(f"{stack.name}: expected frames of one colour space, found {found}; convert them")


def display_stack(rows: Sequence[Rows]) -> Tensor:
    """All frames at once, display values (S, 3, H, W)."""
    return torch.stack(list(map(display_frame, rows)))


def display_frame(frame: Rows) -> Tensor:
    """Display values (3, H, W) of a frame."""
    height, width, _ = frame.shape
    planes = torch.empty(3, height, width)
    for start in range(0, height, ROWS):
        stop = min(start + ROWS, height)
        planes[:, start:stop] = torch.from_numpy(_display(frame[start:stop])).permute(2, 0, 1)
    return planes


def _codes(pixels: NDArray[Any]) -> NDArray[Any]:
    return pixels if pixels.dtype.kind == "u" else pixels.astype(np.float32).clip(0, 1)


def _display(pixels: NDArray[Any]) -> NDArray[np.float32]:
    if pixels.dtype.kind != "u":
        return pixels.astype(np.float32, copy=False)
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)

"""Deghosting: where an exposure shows something else than the reference, it is left out.

A pixel of an exposure says that radiance lies in an interval: between what its display value less, and plus, a
tolerance for noise stands for; without an upper end where it clips white, without a lower one where it is black. Two
exposures contradict each other where their intervals do not meet. From the reference outwards, exposures that do not
contradict it fill in what it clips, and from then on speak for it there: what is filled in comes from one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage

from hdrgen.camera import CameraResponse
from hdrgen.fusion.streaming import Block, Rows
from hdrgen.tiling import no_progress, row_slices

Plane = NDArray[np.float32]

TOLERANCE = 0.04  # display values, either side: noise, rounding, an error of the response
ENDS = (0.03, 0.97)
"""Display values beyond which a pixel may be anything darker, or brighter."""
USEFUL = (0.1, 0.97)
"""Display values at which a reference shows a pixel, neither white nor lost in noise."""
SLACK = 0.1  # stops between two intervals that are forgiven
DENSITY = 0.3  # of the pixels around that contradict make a ghost; single ones are noise
AROUND = 2.0  # pixels: standard deviation of the surroundings
MARGIN = 3.0  # pixels: of the soft edge of a mask
LARGEST = 6.5e6  # pixels: larger photographs are judged by squares, from their darkest to their brightest pixel
CODES = 65536  # of 16 bits, in which all frames are compared
ROWS = 256  # of a frame at a time


def least_clipped(frames: Sequence[Rows]) -> int:
    """The frame with the fewest pixels that are white, or too dark to tell from noise, in any channel."""
    return int(np.argmin([_clipped(frame) for frame in frames]))


def _clipped(frame: Rows) -> float:
    low, high = (end * _top(frame.dtype) for end in USEFUL)
    parts = (frame[rows] for rows in row_slices(frame.shape[0], ROWS))
    count = sum(int(((part > high) | (part < low)).any(-1).sum()) for part in parts)
    return count / (frame.shape[0] * frame.shape[1])


def ghost_masks(
    frames: Sequence[Rows],
    ev: Sequence[float],
    response: CameraResponse,
    reference: int,
    *,
    progress: Callable[[float], None] = no_progress,
) -> list[GhostMask | None]:
    """Where each frame agrees with the reference.

    Args:
        frames: (H, W, 3) display values, ordered by exposure.
        ev: Their exposures in EV.
        response: The camera's curve, one or three tables.
        reference: Whose moment the result shows; `least_clipped` for one.
        progress: Called with the fraction done.

    Returns:
        For each frame a mask for `hdrgen.fusion.merge_photographs`, soft at its edges; None for the reference.
    """
    factor = 1
    while frames[0].shape[0] * frames[0].shape[1] / factor**2 > LARGEST:
        factor += 1
    known = _interval(frames[reference], ev[reference], response, factor)
    masks: list[GhostMask | None] = [None] * len(frames)
    outwards = [*range(reference - 1, -1, -1), *range(reference + 1, len(frames))]
    for done, index in enumerate(outwards, 1):
        other = _interval(frames[index], ev[index], response, factor)
        agrees = _agreement(known, other)
        masks[index] = GhostMask(agrees, factor, frames[index].shape[:2])
        _fill(known, other, agrees > 0.5)
        progress(done / len(outwards))
    return masks


class GhostMask:
    """A mask (H, W) that is stored small and handed out row by row: 1 where a frame counts, 0 where it does not."""

    dtype = np.dtype(np.float32)

    def __init__(self, mask: Plane, factor: int, shape: tuple[int, ...]) -> None:
        self.mask = mask.astype(np.float16)
        self.factor = factor
        self.shape = shape

    def __getitem__(self, rows: slice) -> Block:
        """Some rows, (n, W)."""
        start, stop, _ = rows.indices(self.shape[0])
        lines = np.arange(start, stop) // self.factor
        columns = np.arange(self.shape[1]) // self.factor
        height, width = self.mask.shape
        part: Block = self.mask[np.minimum(lines, height - 1)][:, np.minimum(columns, width - 1)].astype(np.float32)
        return part

    @property
    def left_out(self) -> float:
        """Share of the pixels that do not count."""
        return float((self.mask < 0.5).mean())


def _interval(frame: Rows, ev: float, response: CameraResponse, factor: int) -> tuple[Plane, Plane]:
    """Lower and upper bound of log2 radiance, (H / factor, W / factor, 3) each."""
    height, width = (side // factor for side in frame.shape[:2])
    least, most = (np.empty((height, width, 3), np.float32) for _ in range(2))
    lower, upper = _ends(response, ev)
    for rows in row_slices(height, max(1, ROWS // factor)):
        codes = _codes(frame[rows.start * factor : rows.stop * factor])[:, : width * factor]
        squares = codes.reshape(-1, factor, width, factor, 3)
        for channel in range(3):
            least[rows, :, channel] = lower[channel].take(squares[..., channel].min(axis=(1, 3)))
            most[rows, :, channel] = upper[channel].take(squares[..., channel].max(axis=(1, 3)))
    return least, most


def _ends(response: CameraResponse, ev: float) -> tuple[Plane, Plane]:
    """Lower and upper bound of the log2 radiance of every 16-bit code, (3, 65536) each."""
    display = torch.linspace(0, 1, CODES).expand(3, 1, CODES)
    least = response.inverse(display - TOLERANCE).clamp_min(1e-9).log2() - ev
    most = response.inverse(display + TOLERANCE).clamp_min(1e-9).log2() - ev
    least = least.masked_fill(display - TOLERANCE < ENDS[0] - TOLERANCE, -torch.inf)
    most = most.masked_fill(display > ENDS[1], torch.inf)
    return least.expand(display.shape)[:, 0].numpy(), most.expand(display.shape)[:, 0].numpy()


def _codes(block: Block) -> NDArray[np.uint16]:
    if block.dtype == np.uint8:
        return block.astype(np.uint16) * np.uint16(257)
    if block.dtype == np.uint16:
        return block
    return (block * (CODES - 1) + 0.5).astype(np.uint16)


def _top(dtype: np.dtype[Any]) -> float:
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def _agreement(known: tuple[Plane, Plane], other: tuple[Plane, Plane]) -> Plane:
    """1 where the intervals meet, 0 around places where they do not, (H, W)."""
    apart = np.zeros(known[0].shape[:2], bool)
    for channel in range(3):
        apart |= other[0][..., channel] > known[1][..., channel] + SLACK
        apart |= known[0][..., channel] > other[1][..., channel] + SLACK
    density = ndimage.gaussian_filter(apart.astype(np.float32), AROUND, truncate=2)
    edge = ndimage.gaussian_filter((density > DENSITY).astype(np.float32), MARGIN, truncate=2)
    # Inside a ghost and as far as the margin outside it, the blurred mask is above a fifth.
    mask: Plane = np.clip(1 - (edge - 0.05) / 0.15, 0, 1)
    return mask


def _fill(known: tuple[Plane, Plane], other: tuple[Plane, Plane], agrees: NDArray[np.bool_]) -> None:
    """Fill in, in place, bounds that the reference leaves open, where the other frame does not contradict it."""
    here = agrees[..., None]
    white, black = here & np.isinf(known[1]), here & np.isinf(known[0])
    for end in range(2):
        np.copyto(known[end], other[end], where=white)
    open_below = black & ~white
    for end in range(2):
        np.copyto(known[end], other[end], where=open_below)

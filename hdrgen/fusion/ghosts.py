"""Deghosting: where an exposure shows something else than the reference, it is left out.

A pixel of an exposure says that radiance lies in an interval: between what its display value less, and plus, a
tolerance for noise stands for; without an upper end where it clips white, without a lower one where it is black. Two
exposures contradict each other where their intervals do not meet. From the reference outwards, exposures that do not
contradict it fill in what it clips, and from then on speak for it there: what is filled in comes from one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.camera import CameraResponse
from hdrgen.fusion.rows import Block, Rows
from hdrgen.tiling import no_progress, row_slices

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Interval = tuple[Plane, Plane]
"""Lower and upper bound of log2 radiance, (3, H, W) each: planes, since what lies in threes is compared slowly."""

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
ROWS = 64  # of a frame at a time: what is in between stays in the cache
TRUNCATE = 2.0  # standard deviations at which surroundings end


def least_clipped(frames: Sequence[Rows]) -> int:
    """The frame with the fewest pixels that are white, or too dark to tell from noise, in any channel."""
    return int(np.argmin([_clipped(frame) for frame in frames]))


def _clipped(frame: Rows) -> float:
    low, high = (end * _top(frame.dtype) for end in USEFUL)
    if frame.dtype.kind == "u":  # codes are compared with codes: with fractions, they would first be made floats
        low, high = int(np.ceil(low)), int(np.floor(high))
    count = 0
    for rows in row_slices(frame.shape[0], ROWS):
        part = frame[rows]
        outside = (part > high) | (part < low)
        count += int((outside[..., 0] | outside[..., 1] | outside[..., 2]).sum())
    return count / (frame.shape[0] * frame.shape[1])


def ghost_masks(
    frames: Sequence[Rows],
    ev: Sequence[float],
    response: CameraResponse,
    reference: int,
    *,
    clips: Sequence[float] = (),
    progress: Callable[[float], None] = no_progress,
) -> list[GhostMask | None]:
    """Where each frame agrees with the reference.

    Args:
        frames: (H, W, 3) display values, ordered by exposure.
        ev: Their exposures in EV.
        response: The camera's curve, one or three tables.
        reference: Whose moment the result shows; `least_clipped` for one.
        clips: Display values of red, green and blue from which on pixels were clipped, and may have been made the
            largest; empty where they are clipped at that alone.
        progress: Called with the fraction done.

    Returns:
        For each frame a mask for `hdrgen.fusion.merge_photographs`, soft at its edges; None for the reference.
    """
    factor = 1
    while frames[0].shape[0] * frames[0].shape[1] / factor**2 > LARGEST:
        factor += 1
    known = _interval(frames[reference], _ends(response, ev[reference], clips), factor)
    masks: list[GhostMask | None] = [None] * len(frames)
    outwards = [*range(reference - 1, -1, -1), *range(reference + 1, len(frames))]
    for done, index in enumerate(outwards, 1):
        masks[index] = _compared(known, frames[index], _ends(response, ev[index], clips), factor)
        progress(done / len(outwards))
    return masks


def _compared(known: Interval, frame: Rows, ends: tuple[Plane, Plane], factor: int) -> GhostMask:
    """Where a frame agrees with what is known; there it fills in what is not."""
    other = _interval(frame, ends, factor)
    agrees = _agreement(known, other)
    _fill(known, other, agrees > 0.5)
    return GhostMask(agrees, factor, frame.shape[:2])


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
        lines, columns = (
            np.minimum(np.arange(*ends) // self.factor, side - 1)
            for ends, side in zip(((start, stop), (0, self.shape[1])), self.mask.shape, strict=True)
        )
        small = self.mask[lines[0] : lines[-1] + 1] if len(lines) else self.mask[:0]
        if (small == 1).all():
            return np.broadcast_to(np.float32(1), (len(lines), len(columns)))  # of most rows: nothing is copied
        part: Block = small.astype(np.float32)[:, columns][lines - lines[0]]
        return part

    @property
    def left_out(self) -> float:
        """Share of the pixels that do not count."""
        return float((self.mask < 0.5).mean())


def _interval(frame: Rows, ends: tuple[Plane, Plane], factor: int) -> Interval:
    """Of squares of a frame, each from its darkest to its brightest pixel; `ends` as of `_ends`."""
    height, width = (side // factor for side in frame.shape[:2])
    bounds = [np.empty((3, height, width), np.float32) for _ in range(2)]
    step = 257 if frame.dtype == np.uint8 else 1  # between 8-bit codes in a table of 16 bits
    tables = [np.ascontiguousarray(table[:, ::step]) for table in ends]
    for rows in row_slices(height, max(1, ROWS // factor)):
        block = frame[rows.start * factor : rows.stop * factor][:, : width * factor]
        for bound, table, extreme in zip(bounds, tables, (np.minimum, np.maximum), strict=True):
            for channel, codes in enumerate(_squares(block, factor, extreme)):
                table[channel].take(_codes(codes), out=bound[channel, rows], mode="clip")
    return bounds[0], bounds[1]


def _squares(block: Block, factor: int, extreme: np.ufunc) -> list[Block]:
    """The extreme pixel of every square of a block (n * factor, W * factor, 3): for each channel (n, W).

    First of rows, then of columns: a reduction over axes of two elements takes ten times as long.
    """
    lines = reduce(extreme, (block[first::factor] for first in range(factor)))
    return [reduce(extreme, (lines[:, first::factor, channel] for first in range(factor))) for channel in range(3)]


def _ends(response: CameraResponse, ev: float, clips: Sequence[float] = ()) -> tuple[Plane, Plane]:
    """Lower and upper bound of the log2 radiance of every 16-bit code, (3, 65536) each."""
    display = np.broadcast_to(np.linspace(0, 1, CODES, dtype=np.float32), (3, 1, CODES))
    least, most = (
        np.log2(response.inverse(display + off).clip(1e-9)) - np.float32(ev) for off in (-TOLERANCE, TOLERANCE)
    )
    least[display - TOLERANCE < ENDS[0] - TOLERANCE] = -np.inf
    most[display > ENDS[1]] = np.inf
    for channel, clip in enumerate(clips):
        clipped = display[channel] >= np.float32(clip)  # above: the largest code, or mixed with it where frames moved
        least[channel][clipped] = least[channel][~clipped].max(initial=-np.inf)
        most[channel][clipped] = np.inf
    return least[:, 0], most[:, 0]


def _codes(values: Block) -> NDArray[np.unsignedinteger[Any]]:
    """Codes as they are, floats as 16-bit ones."""
    return values if values.dtype.kind == "u" else (values * (CODES - 1) + 0.5).astype(np.uint16)


def _top(dtype: np.dtype[Any]) -> float:
    return float(np.iinfo(dtype).max) if dtype.kind == "u" else 1.0


def _agreement(known: Interval, other: Interval) -> Plane:
    """1 where the intervals meet, 0 around places where they do not, (H, W)."""
    dense = _blurred(_apart(known, other), AROUND) > DENSITY
    edge = _blurred(dense, MARGIN)
    # Inside a ghost and as far as the margin outside it, the blurred mask is above a fifth.
    mask: Plane = np.clip(1 - (edge - 0.05) / 0.15, 0, 1)
    return mask


def _apart(known: Interval, other: Interval) -> Mask:
    """Where the intervals of a channel do not meet, (H, W)."""
    result = np.zeros(known[0].shape[1:], bool)
    for rows in row_slices(len(result), ROWS):
        for channel in range(3):
            result[rows] |= other[0][channel, rows] > known[1][channel, rows] + SLACK
            result[rows] |= known[0][channel, rows] > other[1][channel, rows] + SLACK
    return result


def _blurred(marked: Mask, deviation: float) -> Plane:
    """A Gaussian of the marked pixels, worked out where there are any: elsewhere it is 0."""
    from scipy.ndimage import gaussian_filter  # not before it is needed: it takes long to import

    result = np.zeros(marked.shape, np.float32)
    rows, columns = (np.flatnonzero(marked.any(axis)) for axis in (1, 0))
    if len(rows):
        reach = 2 * int(TRUNCATE * deviation + 0.5)  # twice: the filter mirrors what lies at the ends
        box = tuple(slice(max(0, int(at[0]) - reach), int(at[-1]) + 1 + reach) for at in (rows, columns))
        gaussian_filter(marked[box].astype(np.float32), deviation, truncate=TRUNCATE, output=result[box])
    return result


def _fill(known: Interval, other: Interval, agrees: Mask) -> None:
    """Fill in, in place, bounds that the reference leaves open, where the other frame does not contradict it."""
    for rows in row_slices(len(agrees), ROWS):
        for channel in range(3):
            least, most = (bound[channel, rows] for bound in known)
            open_there = agrees[rows] & (np.isinf(least) | np.isinf(most))
            if open_there.any():
                np.copyto(least, other[0][channel, rows], where=open_there)
                np.copyto(most, other[1][channel, rows], where=open_there)

"""The merges for large photographs: strip by strip, from tables of what every code contributes.

A merge looks at each pixel on its own, and an 8 or 16-bit pixel has few values. What a value of a frame adds to the
sums of weights and of weighted radiance is computed once, as the two halves of a complex number, so that one look-up
and one addition per frame and value are left to do. Memory is that of the frames, of the result, and of a few rows.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.camera import CameraResponse
from hdrgen.errors import InputError
from hdrgen.fusion.means import LogMean, Mean
from hdrgen.fusion.measures import MID_GREY, measured
from hdrgen.fusion.rows import ROWS, Block, Rows, available_cores
from hdrgen.fusion.weights import Weight, sensor_noise
from hdrgen.io import SAME_EXPOSURE
from hdrgen.tiling import no_progress, row_slices

Sums = NDArray[np.complex64]

VALUES = 49152  # are merged at a time: their sums stay in the cache of one core, and Python in the background
WHITE = 0.99  # display values from which on a frame is white; weights end there, too
HALF = 0.5  # a mask above it lets a frame stand in for pixels that none exposes well


def merge_photographs(
    frames: Sequence[Rows],
    ev: Sequence[float],
    response: CameraResponse,
    *,
    mean: Mean | None = None,
    weight: Weight = sensor_noise,
    masks: Sequence[Rows | None] | None = None,
    progress: Callable[[float], None] = no_progress,
) -> NDArray[np.float32]:
    """Merge photographs of any size: what `hdrgen.fusion.merge_debevec` returns, fast and in little memory.

    Equal to it, and with `LinearMean` and `PhotonMean` to the other merges, but for the rounding of float32 (relative
    differences below 1e-5); and but for pixels that a shorter exposure shows white and a longer one darker, which
    cannot be of a scene that stands still: the longer one is then not believed.

    Args:
        frames: Arrays or readers of equal shape (H, W, 3), in any order: uint8, uint16, or float display values.
        ev: Their exposures in EV.
        response: The camera's curve, one or three tables.
        mean: The quantity to average; None is `LogMean`, Debevec's.
        weight: From display value to weight, 0 at the clip levels.
        masks: For each frame None or (H, W) factors of its weight in [0, 1], for pixels where it shows something else
            than the others.
        progress: Called with the fraction done.

    Returns:
        Linear radiance (H, W, 3), float32.

    Raises:
        InputError: No frames, shapes that differ, an EV missing or not finite.

    >>> from hdrgen.camera import Gamma
    >>> frames = [np.full((2, 2, 3), code, np.uint8) for code in (62, 117, 219)]
    >>> round(float(merge_photographs(frames, [-2.0, 0.0, 2.0], Gamma())[0, 0, 0]), 2)
    0.18
    """
    _check(frames, ev)
    order = sorted(range(len(frames)), key=lambda j: ev[j], reverse=True)
    mean = mean or LogMean()
    # Of an exposure that was repeated, all frames count alike.
    most, least = ev[order[0]] - SAME_EXPOSURE, ev[order[-1]] + SAME_EXPOSURE
    terms = [
        _FrameTerms(response, weight, mean, ev[j], frames[j].dtype, longest=ev[j] >= most, shortest=ev[j] <= least)
        for j in order
    ]
    ordered_masks = [masks[j] if masks else None for j in order]
    merger = _Merger(terms, mean)
    radiance: NDArray[np.float32] = np.empty(frames[0].shape, np.float32)
    with ThreadPoolExecutor(available_cores()) as pool:
        for rows in row_slices(len(radiance), ROWS):
            blocks = list(pool.map(lambda j, rows=rows: frames[j][rows], order))
            mask_rows = [None if mask is None else mask[rows] for mask in ordered_masks]
            merger.merge(blocks, mask_rows, radiance[rows], pool)
            progress(rows.stop / len(radiance))
    return radiance


def _check(frames: Sequence[Rows], ev: Sequence[float]) -> None:
    if not frames or len(frames) != len(ev):
        raise InputError(f"expected one EV per frame, found {len(frames)} frames and {len(ev)} EVs: pass one each")
    if not np.isfinite(ev).all():
        raise InputError(f"expected finite EVs, found {list(ev)}: leave out frames without exposure data")
    shapes = {tuple(frame.shape) for frame in frames}
    if len(shapes) > 1 or len(frames[0].shape) != 3 or frames[0].shape[-1] != 3:
        raise InputError(f"expected frames of one shape (H, W, 3), found {', '.join(map(str, sorted(shapes)))}")


class _FrameTerms:
    """One frame's terms of the sums: weight w and value v of a pixel as the complex number w + i w v, and v alone."""

    def __init__(
        self,
        response: CameraResponse,
        weight: Weight,
        mean: Mean,
        ev: float,
        dtype: np.dtype[Any],
        *,
        longest: bool,
        shortest: bool,
    ) -> None:
        self.top = np.iinfo(dtype).max if dtype.kind == "u" else 1
        self.white = int(np.ceil(WHITE * self.top)) if dtype.kind == "u" else WHITE
        self.mean = mean
        self.measure = partial(measured, response, weight, mean, longest=longest, shortest=shortest)
        self.ev = ev
        self.longest = longest
        self.sums: Sums | None = None
        self.values: NDArray[np.float32] | None = None
        if dtype.kind == "u":
            self.sums, self.values = self._tables()

    def add(self, block: Block, channels: slice) -> Sums:
        """The terms of these pixels (n, 3), of some channels."""
        if self.sums is None:
            return self._measure(block)[0][:, channels]
        table = self.sums[channels][0]
        part: Sums = table.take(block[:, channels], mode="clip")
        return part

    def value(self, pixels: Block, channel: int) -> NDArray[np.float32]:
        """What is averaged of these pixels (n,), whatever their weight."""
        if self.values is None:
            return self._measure(np.repeat(pixels[:, None], 3, axis=1))[1][:, channel]
        values: NDArray[np.float32] = self.values[channel].take(pixels)
        return values

    @property
    def grey(self) -> bool:
        """Whether all channels have the same table."""
        return self.sums is not None and bool((self.sums == self.sums[:1]).all())

    def _tables(self) -> tuple[Sums, NDArray[np.float32]]:
        """(3, L) each."""
        levels = np.arange(self.top + 1, dtype=np.float32)[:, None] / np.float32(self.top)
        sums, values = self._measure(np.repeat(levels, 3, axis=1))
        return np.ascontiguousarray(sums.T), np.ascontiguousarray(values.T)

    def _measure(self, display: Block) -> tuple[Sums, NDArray[np.float32]]:
        """Both for display values (n, 3)."""
        planes = np.ascontiguousarray(display.T, dtype=np.float32)[:, None]
        weight, quantity = self.measure(planes)
        weight, value = self.mean.weight(weight, self.ev), self.mean.value(quantity, self.ev)
        sums = np.empty(planes.shape, np.complex64)
        sums.real, sums.imag = weight, weight * value
        values = np.broadcast_to(value.astype(np.float32, copy=False), planes.shape)
        return sums[:, 0].T, values[:, 0].T


def _drop_where_white(sums: Sums, white: NDArray[np.bool_], mask: Block | None) -> None:
    """Drop the sums of longer exposures where this one, unless it is masked there, is white: they cannot know better.

    Of a scene that stands still they are white, too. At an edge that is not aligned to a fraction of a pixel, or of
    something that moves, the longest may be almost white, and would be believed alone: dark and coloured dots.
    """
    if mask is not None:
        white &= mask > HALF
    if white.any():
        np.copyto(sums, 0, where=white)


def _factors(mask: Block | None, some: slice) -> Block | None:
    """Some of a mask's factors (n, 1); None where all are 1, as they are almost everywhere."""
    factors = None if mask is None else mask[some]
    return None if factors is None or (factors == 1).all() else factors


class _Merger:
    """Adds up the terms of the same pixels, the longest exposure's first."""

    def __init__(self, terms: Sequence[_FrameTerms], mean: Mean) -> None:
        self.terms = terms
        self.mean = mean
        one_table = all(term.grey for term in terms)
        self.channels = [slice(0, 3)] if one_table else [slice(c, c + 1) for c in range(3)]

    def merge(self, blocks: Sequence[Block], masks: Sequence[Block | None], out: Block, pool: Executor) -> None:
        """Fill `out` (n, W, 3) from the blocks of all frames."""
        flat = [block.reshape(-1, 3) for block in blocks]
        flat_masks = [None if mask is None else mask.reshape(-1, 1) for mask in masks]
        target = out.reshape(-1, 3)
        step = VALUES // (3 if len(self.channels) == 1 else 1)

        def merge_some(some: slice) -> None:
            pixels = [block[some] for block in flat]
            factors = [_factors(mask, some) for mask in flat_masks]
            for channels in self.channels:
                self._merge(pixels, factors, channels, target[some, channels])

        list(pool.map(merge_some, row_slices(len(target), step)))

    def _merge(self, pixels: list[Block], masks: list[Block | None], channels: slice, out: Block) -> None:
        sums: Sums | None = None
        for term, block, mask in zip(self.terms, pixels, masks, strict=True):
            part = term.add(block, channels)
            factor = mask if mask is None or part.shape[1] == 1 else np.repeat(mask, part.shape[1], axis=1)
            part = part if factor is None else part * factor
            if sums is not None:
                _drop_where_white(sums, block[:, channels] >= term.white, factor)
            sums = part if sums is None else np.add(sums, part, out=sums)
        assert sums is not None, "checked by merge_photographs"
        nothing = sums.real <= 0
        with np.errstate(divide="ignore", invalid="ignore"):
            np.divide(sums.imag, sums.real, out=out)
        if nothing.any():
            self._fall_back(pixels, masks, channels.start, out, nothing)
        out[...] = self.mean.radiance(out)

    def _fall_back(
        self, pixels: list[Block], masks: list[Block | None], first: int, out: Block, nothing: NDArray[np.bool_]
    ) -> None:
        """Where no weight is left: the shortest frame brighter than mid-grey, else the longest; never a masked one."""
        for channel in range(out.shape[1]):
            places = np.flatnonzero(nothing[:, channel])
            decided = np.zeros(len(places), bool)
            for term, block, mask in zip(self.terms, pixels, masks, strict=True):
                pixels_there = block[places, first + channel]
                unmasked = np.ones(len(places), bool) if mask is None else mask[places, 0] > HALF
                usable = unmasked & (~decided | (pixels_there >= MID_GREY * term.top))
                out[places[usable], channel] = term.value(pixels_there[usable], first + channel)
                decided |= usable

"""The white of photographs: at which codes its frames clip, and what becomes of the codes above."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError, InputWarning
from hdrgen.io.clipping import ClipLevel, brightest_pile, clip_levels
from hdrgen.io.rows import row_slices, rows_of

Frame = NDArray[Any]
White: TypeAlias = float | Sequence[float] | None
"""A code, or one each of red, green and blue; None: what the frames show."""

FLOAT_TOP = 65535  # codes that display values in floats count as
FEWEST = 32  # codes up to white: no camera has fewer, and shares of the range, 0.9 or 1, are fewer
ABOVE = 2.0  # times white: what lies above so many codes was not clipped there
_USUAL = {255: "250", 65535: "16383"}  # codes at which cameras clip
GRID = 1_000_000  # pixels of one exposure that are looked at
FEWER_BITS = 0.75  # of the largest code: white below it fills a part of the bits only, and is scaled to the whole


@dataclass(frozen=True)
class WhiteLevel:
    """Where the frames of a bracket clip, below the largest code of their type.

    Attributes:
        levels: Of red, green and blue.
        top: The largest code.
    """

    levels: tuple[ClipLevel, ...]
    top: int

    @classmethod
    def found(cls, frames: Sequence[Frame], stops: Sequence[float]) -> WhiteLevel | None:
        """What exposures (N, 3) of the same places tell; None where they clip at their largest code, or not at all."""
        top = _top(frames)
        if top is None:
            return None
        codes = [(at, list(_codes(frame).T)) for at, frame in zip(stops, frames, strict=True)]
        levels = clip_levels(codes, top)
        return None if levels is None else cls(tuple(levels), top)

    @classmethod
    def of_one(cls, frame: Frame) -> tuple[WhiteLevel, bool] | None:
        """What one exposure (H, W, 3) tells alone, and whether that is sure; see `brightest_pile`."""
        top = _top([frame])
        if top is None or frame.dtype.kind != "u":
            return None
        step = max(1, int((frame.shape[0] * frame.shape[1] / GRID) ** 0.5))
        found = brightest_pile(list(frame[::step, ::step].reshape(-1, 3).T), top)
        return None if found is None else (cls(tuple(found[0]), top), found[1])

    @classmethod
    def given(cls, white: float | Sequence[float], frames: Sequence[Frame]) -> WhiteLevel | None:
        """What somebody says: one code, or one each of red, green and blue, in the units of the frames.

        Raises:
            InputError: No such codes, or frames of several types.

        Warns:
            InputWarning: The frames hold codes far above.
        """
        values = white_values(white)
        top = _top(frames)
        if top is None:
            raise InputError(
                "expected frames of one type of pixels for one white, found several; convert them", "white"
            )
        if frames[0].dtype.kind == "f":
            _check_range(values, 0.0, 1.0)
            codes = [round(value * FLOAT_TOP) for value in values]
        else:
            _check_range(values, FEWEST, top)
            codes = [round(value) for value in values]
            _tell_codes_above(max(values), max(int(frame.max(initial=0)) for frame in frames))
        return None if min(codes) >= top else cls(tuple(ClipLevel(code, code) for code in codes), top)

    @property
    def scale(self) -> float:
        """By which codes are multiplied: 1, unless white leaves at least half a bit unused."""
        highest = max(level.code for level in self.levels)
        return self.top / highest if highest < FEWER_BITS * self.top else 1.0

    def __str__(self) -> str:
        """In words.

        >>> str(WhiteLevel((ClipLevel(250, 249),) * 3, 255))
        'white is 250 of 255'
        """
        codes = [level.code for level in self.levels]
        shown = codes[:1] if len(set(codes)) == 1 else codes
        return f"white is {', '.join(map(str, shown))} of {self.top}"

    def applied(self, frame: Frame, *, own: bool = False, lifted: bool = True) -> Frame:
        """A frame (H, W, 3) in which what was clipped has the largest code, and fewer bits fill the whole range.

        Args:
            frame: Codes, or floats in [0, 1].
            own: Whether it may be written over.
            lifted: Whether clipped codes near the largest one become that.
        """
        if self.scale == 1 and not lifted:
            return frame
        result = frame if own and frame.flags.writeable else frame.copy()
        changes = [self._change(level, frame.dtype) for level in self.levels]
        for rows in row_slices(frame.shape[0], rows_of(frame.shape[1])):
            for channel, change in enumerate(changes):
                result[rows, :, channel] = change(result[rows, :, channel])
        return result

    def _change(self, level: ClipLevel, dtype: np.dtype[Any]) -> Callable[[Frame], Frame]:
        """What becomes of the codes, or floats, of a channel."""
        if dtype.kind != "u":
            return lambda plane: np.where(_codes(plane) >= level.edge, 1, (plane * self.scale).clip(0, 1))
        table = np.rint(np.arange(self.top + 1, dtype=np.float64) * self.scale).clip(0, self.top).astype(dtype)
        table[level.edge :] = self.top
        return lambda plane: table[plane]


def white_values(white: float | Sequence[float]) -> tuple[float, float, float]:
    """What somebody says of white, for red, green and blue.

    Raises:
        InputError: Neither a number above 0 nor three.
    """
    try:
        values = [float(value) for value in (white if np.ndim(white) else [white])]  # type: ignore[arg-type, union-attr]
    except (TypeError, ValueError):
        values = []
    if len(values) not in (1, 3) or not all(0 < value < math.inf for value in values):
        found = ", ".join(f"{value:g}" for value in values) or repr(white)
        raise InputError(
            f"expected white as one code above 0, or three (R,G,B), found {found}; pass white=250, for example", "white"
        )
    first, second, third = values * (3 // len(values))
    return first, second, third


def white_level(frames: Sequence[Frame], stops: Sequence[float], white: White) -> WhiteLevel | None:
    """What is given, or else what a grid of the frames tells."""
    return WhiteLevel.found(frames, stops) if white is None else WhiteLevel.given(white, frames)


def _top(frames: Sequence[Frame]) -> int | None:
    """The largest code of all frames; None where they differ."""
    tops = {int(np.iinfo(frame.dtype).max) if frame.dtype.kind == "u" else FLOAT_TOP for frame in frames}
    kinds = {frame.dtype.kind for frame in frames}
    return tops.pop() if len(tops) == len(kinds) == 1 else None


def _codes(frame: Frame) -> Frame:
    if frame.dtype.kind == "u":
        return frame
    codes: Frame = np.rint(frame.astype(np.float32).clip(0, 1) * FLOAT_TOP)
    return codes.astype(np.uint16)


def _check_range(values: Sequence[float], least: float, largest: float) -> None:
    """Raise for codes that the pixels cannot have, or of which a fraction of the range is meant."""
    if all(least <= value <= largest for value in values):
        return
    found = ", ".join(f"{value:g}" for value in dict.fromkeys(values))
    if largest == 1:
        expected = "a value of floats up to 1"
        meant = f"{max(values) / 255:.2g}" if max(values) <= 255 else "0.9"
    else:
        expected = f"a code of the files from {least:g} to {largest:g}, not as a share of them"
        meant = str(round(max(values) * largest)) if max(values) <= 1 else _USUAL.get(int(largest), f"{largest:g}")
    raise InputError(
        f"expected white as {expected}, or three (R,G,B), found {found}; pass white={meant}, for example", "white"
    )


def _tell_codes_above(white: float, highest: int) -> None:
    if highest > ABOVE * white:
        told = f"white={white:g}: the photographs hold codes up to {highest}, which all count as white now"
        warnings.warn(InputWarning(told, "white"), stacklevel=2)

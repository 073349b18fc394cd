"""The white of photographs: at which codes its frames clip, and what becomes of the codes above."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.clipping import ClipLevel, clip_levels
from hdrgen.io.rows import row_slices, rows_of

Frame = NDArray[Any]
White: TypeAlias = float | Sequence[float] | None
"""A code, or one each of red, green and blue; None: what the frames show."""

FLOAT_TOP = 65535  # codes that display values in floats count as
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
    def given(cls, white: float | Sequence[float], frames: Sequence[Frame]) -> WhiteLevel | None:
        """What somebody says: one code, or one each of red, green and blue, in the units of the frames.

        Raises:
            InputError: No such codes, or frames of several types.
        """
        top = _top(frames)
        if top is None:
            raise InputError(
                "expected frames of one type of pixels for one white, found several; convert them", "white"
            )
        values = [white] * 3 if isinstance(white, int | float) else list(white)
        unit, largest = (FLOAT_TOP, 1) if frames[0].dtype.kind == "f" else (1, top)
        if len(values) not in (1, 3) or not all(0 < value <= largest for value in values):
            found = ", ".join(dict.fromkeys(f"{value:g}" for value in values))
            raise InputError(
                f"expected white as one code up to {largest}, or three (R,G,B), found {found};"
                f" pass white={_usual(largest)}, for example",
                "white",
            )
        codes = [round(value * unit) for value in (values if len(values) == 3 else values * 3)]
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


def _usual(largest: int) -> str:
    return {255: "250", 65535: "16383"}.get(largest, "0.9")

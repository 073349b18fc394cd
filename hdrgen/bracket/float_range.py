"""Frames in floating point: which value is white, decided once for all of them."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputWarning
from hdrgen.io import White, row_slices, rows_of, white_of_floats, white_values

Frame = NDArray[Any]
ROUNDING = 1e-3  # that values may exceed white: what interpolation and half floats add
PILE = 1e-3  # of a frame's values that are the same where it clips
LOWER = 0.75  # of the white that frames show: one that is given, and lower, or higher, takes its place


def unclipped_white(frames: Sequence[Frame]) -> float | None:
    """The white of frames of radiance, dark to bright, that exceed 1 and clip nowhere: no code, nor 1, is meant there.

    It is what is brightest in the shortest of them, at least 1. Longer ones may clip there: that one has the rest.
    None where frames clip, stay below 1, or hold whole numbers.
    """
    if any(frame.dtype.kind != "f" for frame in frames) or _largest(frames) <= 1 + ROUNDING:
        return None
    last = frames[-1]
    piled = np.sum([np.count_nonzero(part >= _tops(last) * (1 - 1e-6), axis=(0, 1)) for part in _parts(last)], axis=0)
    return None if (piled > PILE * last[..., 0].size).any() else max(1.0, float(_tops(frames[0]).max()))


def in_display_range(frames: Sequence[Frame], name: str, given: White = None) -> tuple[list[Frame], White]:
    """Frames of whole numbers as they are, those of floats as float32 from 0 to 1, which is white.

    Args:
        frames: (H, W, 3) each, dark to bright.
        name: Of the bracket, for the warning.
        given: What somebody says of white, in the units of the frames; None: what they show.

    Returns:
        The frames, and what is given in the units of these.

    Warns:
        UserWarning: White is another value than 1; or values above white are clipped.

    Raises:
        InputError: A white that cannot be.
    """
    floats = [frame for frame in frames if frame.dtype.kind == "f"]
    if not floats:
        return list(frames), given
    white, about = float_white(floats)
    if given is not None:
        white, about, given = _given_white(floats, white, about, white_values(given))
    if about:
        warnings.warn(InputWarning(f"{name}: {about}", None if given is None else "white"), stacklevel=4)
    return [_scaled(frame, white) if frame.dtype.kind == "f" else frame for frame in frames], given


def _given_white(
    frames: Sequence[Frame], shown: float, about: str, given: Sequence[float]
) -> tuple[float, str, tuple[float, ...]]:
    """The value that becomes 1, what to say of it, and what is given as shares of it.

    A little below the white that the frames show, what is given says where they clip; else it is the white itself.
    Frames from 0 to 1 have none above 1, of which codes are told by whoever asks next.
    """
    highest = max(given)
    if LOWER * shown <= highest <= shown or (shown == 1 and highest > 1 and _largest(frames) <= 1 + ROUNDING):
        return shown, about, tuple(value / shown for value in given)
    return highest, _clipped(_largest(frames), highest), tuple(value / highest for value in given)


def float_white(frames: Sequence[Frame]) -> tuple[float, str]:
    """The white of frames of floats, dark to bright, and what a user should know of it, in words.

    White is 1 unless the frames say otherwise: by a larger value that many pixels of the last frame share in all
    channels, since they are clipped, or by values that only codes reach, as ImageJ, MATLAB and astronomers write them
    (then white is the largest code of so many bits).
    """
    tops = np.max([_tops(frame) for frame in frames], axis=0)
    white = _white(tops, frames[-1])
    if told := _clipped(float(tops.max()), white):
        return white, told
    return white, "" if white == 1 else f"floating point up to {tops.max():.8g}; {white:.8g} is taken for white"


def _white(tops: NDArray[np.float64], last: Frame) -> float:
    largest, least = float(tops.max()), float(tops.min())
    if largest <= 1 + ROUNDING:
        return 1.0
    alike = largest <= least * (1 + ROUNDING)  # white balance makes channels clip at several values
    piled = sum(np.count_nonzero(part >= largest * (1 - 1e-6)) for part in _parts(last))
    return largest if alike and piled > PILE * last.size else white_of_floats(largest)


def _clipped(largest: float, white: float) -> str:
    """What to say where values exceed white."""
    if largest <= white * (1 + ROUNDING):
        return ""
    return f"values up to {largest:.5g} are clipped at {white:g}, which is taken for white"


def _largest(frames: Sequence[Frame]) -> float:
    return float(np.max([_tops(frame) for frame in frames]))


def _tops(frame: Frame) -> NDArray[np.float64]:
    """The largest value of each channel."""
    result: NDArray[np.float64] = np.max([part.max(axis=(0, 1)) for part in _parts(frame)], axis=0).astype(np.float64)
    return result


def _parts(frame: Frame) -> list[Frame]:
    return [frame[rows] for rows in row_slices(len(frame), rows_of(frame.shape[1]))]


def _scaled(frame: Frame, white: float) -> NDArray[np.float32]:
    values = frame.astype(np.float32)
    if white != 1:
        values /= np.float32(white)
    return values.clip(0, 1, out=values)

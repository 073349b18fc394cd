"""Frames in floating point: which value is white, decided once for all of them."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputWarning
from hdrgen.io import row_slices, rows_of, white_of_floats

Frame = NDArray[Any]
ROUNDING = 1e-3  # that values may exceed white: what interpolation and half floats add
PILE = 1e-3  # of a frame's values that are the same where it clips


def in_display_range(frames: Sequence[Frame], name: str) -> list[Frame]:
    """Frames of whole numbers as they are, those of floats as float32 from 0 to 1, which is white.

    Args:
        frames: (H, W, 3) each, dark to bright.
        name: Of the bracket, for the warning.

    Warns:
        UserWarning: White is another value than 1; or values above white are clipped.
    """
    floats = [frame for frame in frames if frame.dtype.kind == "f"]
    if not floats:
        return list(frames)
    white, about = float_white(floats)
    if about:
        warnings.warn(InputWarning(f"{name}: {about}"), stacklevel=4)
    return [_scaled(frame, white) if frame.dtype.kind == "f" else frame for frame in frames]


def float_white(frames: Sequence[Frame]) -> tuple[float, str]:
    """The white of frames of floats, dark to bright, and what a user should know of it, in words.

    White is 1 unless the frames say otherwise: by a larger value that many pixels of the last frame share in all
    channels, since they are clipped, or by values that only codes reach, as ImageJ, MATLAB and astronomers write them
    (then white is the largest code of so many bits).
    """
    tops = np.max([_tops(frame) for frame in frames], axis=0)
    white = _white(tops, frames[-1])
    if tops.max() > white * (1 + ROUNDING):
        return white, f"values up to {tops.max():.5g} are clipped at {white:g}, which is taken for white"
    return white, "" if white == 1 else f"floating point up to {tops.max():.8g}; {white:.8g} is taken for white"


def _white(tops: NDArray[np.float64], last: Frame) -> float:
    largest, least = float(tops.max()), float(tops.min())
    if largest <= 1 + ROUNDING:
        return 1.0
    alike = largest <= least * (1 + ROUNDING)  # white balance makes channels clip at several values
    piled = sum(np.count_nonzero(part >= largest * (1 - 1e-6)) for part in _parts(last))
    return largest if alike and piled > PILE * last.size else white_of_floats(largest)


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

"""Whether something moved between the frames of a bracket, and what to do about it."""

import itertools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.agreement import DISAGREE
from hdrgen.bracket.pixels import BracketPixels, as_display, display_frame
from hdrgen.camera import CameraResponse
from hdrgen.errors import InputWarning
from hdrgen.fusion import Rows

_BLOCK = 8  # pixels along each side of what is compared for motion: edges that are a little off do not matter
_BANDS = 32  # rows of blocks that are looked at
_SEEN = (0.03, 0.97)  # display values between which a pixel says how bright the scene is
_MOVED = 0.5  # stops by which a block must differ to have moved
_LEVELS = 16  # groups of blocks by their brightness
_MUCH = 0.005  # of the blocks: what moves is worth to be left out
_OFF = DISAGREE / 2  # stops by which frames differ everywhere; those of good brackets by a third of that


class Moved(NamedTuple):
    """How two frames differ.

    Attributes:
        share: Of the blocks: what differs from all that is as bright, which is local.
        off: Stops by which the blocks differ in the median over their brightness: wrong exposures, or a wrong curve.
    """

    share: float
    off: float


def suggest_deghosting(pixels: BracketPixels, response: CameraResponse, *, told: bool) -> None:
    """Look whether something moved between the frames.

    Args:
        pixels: The frames; whether they were aligned decides what is suggested.
        response: The curve by which they are decoded.
        told: Whether it was told that they disagree as a whole: frames that differ everywhere tell nothing of motion.

    Warns:
        InputWarning: Something did.
    """
    seen = [_blocks(rows, response) for rows in pixels.rows]
    stops, frames = pixels.ev, pixels.bracket.frames
    pairs = [
        _moved(*one, *other, stops[index + 1] - stops[index])
        for index, (one, other) in enumerate(itertools.pairwise(seen))
    ]
    shares = [0.0 if told and pair.off > _OFF else pair.share for pair in pairs]
    largest = int(np.argmax(shares))
    if shares[largest] > _MUCH:
        names = f"{frames[largest].path.name} and {frames[largest + 1].path.name}"
        found = f"{pixels.bracket.name}: {shares[largest]:.1%} of what {names} both show well differs, the rest agrees"
        what, argument = "something moved; pass deghost=True to leave it out", "deghost"
        if not pixels.alignments:
            what, argument = (
                "the camera moved; pass align=homography, or deghost=True where something else did",
                "align",
            )
        warnings.warn(InputWarning(f"{found}: {what}", argument), stacklevel=3)


def _blocks(rows: Rows, response: CameraResponse) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """log2 of the mean exposure of blocks along some bands, and which are well exposed throughout."""
    height, width, _ = rows.shape
    across = max(1, width // _BLOCK)
    size = min(_BLOCK, width)
    starts = np.linspace(0, max(0, height - _BLOCK), min(_BANDS, max(1, height // _BLOCK))).astype(int)
    bands = np.stack([rows[start : start + _BLOCK][:, : across * size] for start in starts.tolist()])
    # First over rows, then over what lies side by side: over axes that are not neighbours it takes ten times as long.
    darkest, brightest = (of(of(bands, 1).reshape(len(bands), across, -1), -1) for of in (np.min, np.max))
    low, high = (as_display(codes) for codes in (darkest, brightest))
    planes = _decoder(response, rows.dtype)(bands.reshape(-1, across * size, 3))
    lines = planes.reshape(3, len(bands), -1, across * size).sum(axis=(0, 2))
    exposures = lines.reshape(len(bands), across, size).sum(axis=-1) / (3 * bands.shape[1] * size)
    return np.log2(exposures.clip(1e-9)), (low > _SEEN[0]) & (high < _SEEN[1])


def _decoder(response: CameraResponse, dtype: np.dtype[Any]) -> Callable[[NDArray[Any]], NDArray[np.float32]]:
    """From rows (n, W, 3) of a photograph to sensor exposures (3, n, W): of 8 bits by a table of all codes."""
    if dtype != np.uint8:
        return lambda band: response.inverse(display_frame(band))
    codes = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    tables = response.inverse(display_frame(codes))[:, 0]

    def look_up(band: NDArray[Any]) -> NDArray[np.float32]:
        return np.stack([table.take(band[..., channel]) for channel, table in enumerate(tables)])

    return look_up


def _moved(
    dark: NDArray[np.float32],
    seen_dark: NDArray[np.bool_],
    bright: NDArray[np.float32],
    seen_bright: NDArray[np.bool_],
    step: float,
) -> Moved:
    both = seen_dark & seen_bright
    # What is as bright is compared with each other, so that a curve that fits badly is no motion either.
    order = dark[both].argsort()
    groups = [group for group in np.array_split((bright - dark - step)[both][order], _LEVELS) if len(group)]
    medians = [float(np.median(group)) for group in groups]
    moved = sum(int((np.abs(group - middle) > _MOVED).sum()) for group, middle in zip(groups, medians, strict=True))
    return Moved(moved / both.size, float(np.median(np.abs(medians))) if medians else 0.0)

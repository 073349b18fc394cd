"""Which code a camera clips at: not all of them reach 255."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

TOP = 255
LOWEST = 230  # no camera is known that clips below
SHARE = 0.005  # of the pixels that must pile up at one code
STEEP = 8  # times as many pixels as at the codes below, on average
APART = 0.3  # stops between two exposures that are not the same


def white_code(frames: Iterable[tuple[float, NDArray[Any]]]) -> int:
    """The code of 255 at which the camera clips.

    A surface of the scene is brighter in the longer exposure; what is flat at one code in two exposures was clipped.

    Args:
        frames: Stops and display values (h, w, 3) of each.

    Returns:
        The lowest code at which two exposures pile up; 255 where there is none.
    """
    exposures: dict[int, list[float]] = defaultdict(list)
    for stops, display in frames:
        for code in _piles(display):
            exposures[code].append(stops)
    return min((code for code, stops in exposures.items() if max(stops) - min(stops) > APART), default=TOP)


def _piles(display: NDArray[Any]) -> list[int]:
    """Bright codes that far more pixels have, in their largest channel, than those just below."""
    largest = np.rint(display.max(-1) * TOP).astype(np.intp)
    share = np.bincount(largest.ravel(), minlength=TOP + 1) / largest.size
    below = {code: share[code - 8 : code].mean() for code in range(LOWEST, TOP + 1)}
    return [code for code, usual in below.items() if share[code] > max(SHARE, STEEP * usual)]

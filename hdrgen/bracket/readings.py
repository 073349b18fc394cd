"""What the numbers of a bracket's exposures may mean instead."""

import math

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.bracket import Bracket


def other_readings(bracket: Bracket) -> list[tuple[NDArray[np.float32], str, str]]:
    """Other exposures that the numbers may mean: (stops relative to the middle frame, what they are, argument)."""
    exposures = [frame.exposure for frame in bracket.frames]
    readings = []
    stops = [one.ev for one in exposures]
    if all(value is not None and value > 0 for value in stops):
        meant = "seconds, not stops: give times, in a list by the column time"
        readings.append(([math.log2(value) for value in stops if value], meant, "times"))
    # What a camera wrote as its shutter time is one.
    times = [frame.exposure.time for frame in bracket.frames if frame.exposure.ev is None and frame.listed]
    if len(times) == len(exposures) and all(value is not None for value in times):
        readings.append(([value for value in times if value is not None], "stops, not seconds", "ev"))
    middle = bracket.middle
    return [
        (np.array([value - values[middle] for value in values], np.float32), meant, name)
        for values, meant, name in readings
    ]

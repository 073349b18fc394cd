"""Exposures from the pixels: how much brighter each frame is than the next, whatever its settings say."""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from hdrgen.camera import CameraResponse

SEEN = (0.02, 0.95)
"""Sensor exposures between which a pixel counts, of linear frames; neither noise nor white."""
SHOWN = (0.1, 0.95)
"""The same of display values of encoded frames."""
LEAST = 100  # values that two frames must both show; with fewer, their settings are believed
ROUNDS = 4  # of curve and exposures in turn, where both are unknown


def fitted_exposures(
    sample: NDArray[np.float32], ev: Sequence[float], response: CameraResponse, reference: int
) -> list[float]:
    """The exposures by which the frames agree, EV 0 at the reference.

    From one frame to the next, the median over all pixels that both show well of how many stops they lie apart: it
    minds neither noise nor what moves. Frames that have too little in common keep the step of their settings.

    Args:
        sample: Display values of the same places, (S, 3, h, w), dark to bright.
        ev: What the settings say.
        response: The curve.
        reference: Index of the frame that keeps its EV.
    """
    exposures = [response.inverse(frame) for frame in sample]
    shown = [_well_shown(frame, linear) for frame, linear in zip(sample, exposures, strict=True)]
    steps = []
    for darker, brighter in itertools.pairwise(range(len(ev))):
        both = shown[darker] & shown[brighter]
        ratio = exposures[brighter][both] / exposures[darker][both]
        steps.append(float(np.median(np.log2(ratio))) if len(ratio) >= LEAST else ev[brighter] - ev[darker])
    fitted = np.concatenate([[0.0], np.cumsum(steps)])
    return [float(value) for value in fitted - fitted[reference] + ev[reference]]


def _well_shown(display: NDArray[np.float32], exposure: NDArray[np.float32]) -> NDArray[np.bool_]:
    linear = bool(np.allclose(display, exposure, atol=1e-4))
    values, (low, high) = (exposure, SEEN) if linear else (display, SHOWN)
    return (values > low) & (values < high)


def fitted_with_curve(
    sample: NDArray[np.float32],
    ev: Sequence[float],
    calibrate: Callable[[NDArray[np.float32], NDArray[np.float32]], CameraResponse],
    reference: int,
) -> list[float]:
    """Exposures where the curve is not known either, by turns.

    Pixels tell both only up to a power, so that the first and the last frame stay as far apart as their settings say.
    """
    span = ev[-1] - ev[0]
    current = list(ev)
    for _ in range(ROUNDS):
        fitted = fitted_exposures(sample, current, calibrate(sample, np.array(current, np.float32)), reference)
        if fitted[-1] <= fitted[0]:
            break
        current = [ev[reference] + (value - ev[reference]) * span / (fitted[-1] - fitted[0]) for value in fitted]
    return current

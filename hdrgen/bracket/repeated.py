"""Exposures that were taken more than once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.bracket import repeats


def distinct(sample: NDArray[np.float32], ev: Sequence[float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pixels (S, 3, h, w) at EV, the means of those at the same EV in their place: a calibration takes each once.

    Args:
        sample: Display values, dark to bright.
        ev: Their exposures, ascending.

    Returns:
        Pixels (T, 3, h, w) and their EV (T,).

    >>> pixels = np.array([0.25, 0.5, 1.0], np.float32).reshape(3, 1, 1, 1)
    >>> [values.flatten().tolist() for values in distinct(pixels, [0.0, 1.0, 1.0])]
    [[0.25, 0.75], [0.0, 1.0]]
    """
    groups = repeats(ev)
    if len(groups) == len(ev):
        return sample, np.array(ev, np.float32)
    means = np.stack([sample[group].mean(axis=0) for group in groups])
    return means, np.array([ev[group[0]] for group in groups], np.float32)

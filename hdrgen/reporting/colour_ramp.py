"""One ramp of colours for luminance and for probabilities: ever lighter, so that it also reads without colour."""

import numpy as np

KNOTS = ((8, 6, 46), (62, 18, 118), (150, 38, 118), (222, 82, 72), (250, 164, 48), (255, 250, 200))
"""RGB from 0 to 1, evenly spaced."""


def ramp(size: int = 256) -> np.ndarray:
    """`(size, 3)` uint8.

    >>> ramp()[[0, 255]].tolist()
    [[8, 6, 46], [255, 250, 200]]
    """
    places = np.linspace(0, len(KNOTS) - 1, size)
    channels = [np.interp(places, np.arange(len(KNOTS)), channel) for channel in zip(*KNOTS, strict=True)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


def gradient() -> str:
    """The same for a style sheet."""
    return f"linear-gradient(to right, {', '.join(f'rgb{knot}' for knot in KNOTS)})"

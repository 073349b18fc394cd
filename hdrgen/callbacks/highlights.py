"""How far above white an HDR image may go."""

from torch import Tensor

from hdrgen.io import row_slices

STRIP = 256
"""Rows that are worked on at a time, to bound the memory."""


def limited_highlights(radiance: Tensor, stops: float) -> Tensor:
    """Radiance that is at most `stops` above white: where it would be more, all stops above white shrink in proportion.

    A pixel keeps its colour, and one below white, 1, its value. At 0 stops highlights are white.

    Args:
        radiance: `(3, H, W)`, finite.
        stops: 0 or more.

    Returns:
        `(3, H, W)`; `radiance` itself where nothing is above.

    >>> import torch
    >>> limited_highlights(torch.tensor([0.5, 4.0, 16.0]).expand(3, 1, 3), 2.0)[0]
    tensor([[0.5000, 2.0000, 4.0000]])
    """
    highest = float(radiance.amax().clamp_min(1).log2())
    if highest <= stops:
        return radiance
    result = radiance.clone()
    for rows in row_slices(radiance.shape[-2], STRIP):
        brightest = radiance[:, rows].amax(0).clamp_min(1)
        result[:, rows] *= brightest ** (stops / highest - 1)
    return result

"""A limit to what is restored above white."""

from torch import Tensor


def limited_stops(stops: Tensor, clipped: Tensor, most: float) -> Tensor:
    """Stops above white, all smaller in proportion where the highest of a photograph would be more than `most`.

    Args:
        stops: Of each cell of the whole photograph, `(B, 1, h, w)`.
        clipped: Share of clipped pixels in each cell, same shape: the others count for nothing.
        most: 0 or more.

    Returns:
        `(B, 1, h, w)`, at most `most`.
    """
    highest = (stops * (clipped > 0)).amax((1, 2, 3), keepdim=True)
    return (stops * (most / highest.clamp_min(1e-6)).clamp_max(1)).clamp_max(most)

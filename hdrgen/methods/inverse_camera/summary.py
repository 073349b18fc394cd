"""What the network sees of a photograph: a thumbnail, and how often each display value occurs."""

import torch
from torch import Tensor
from torch.nn import functional

BINS = 64
"""Of the histogram of each channel."""
NEARLY_WHITE = (0.90, 0.995)
"""Display values between which a pixel passes from known to clipped: JPEG moves 255 down to about 249."""
EDGE_CELLS = 256
"""Rows and columns of the grid over which the edges of clipped regions are told."""
EDGE = 0.4
"""Part of the clipped share further inside at which a region begins: at a straight edge it is a half."""
CHANNELS = 8
"""Of the thumbnail, see `thumbnail_of`."""


def ramp(display: Tensor, low: float = NEARLY_WHITE[0], high: float = NEARLY_WHITE[1]) -> Tensor:
    """How far display values are clipped: 0 up to `low`, 1 from `high` on, any shape.

    >>> ramp(torch.tensor([0.5, 0.9, 1.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return ((display - low) / (high - low)).clamp(0, 1)


def overview_of(image: Tensor, side: int) -> Tensor:
    """A small copy that is the same whatever the size of the photograph: all that is known of it comes from there.

    Args:
        image: `(B, 3, H, W)`, display values.
        side: Rows and columns of the copy; its cells have the photograph's proportions.

    Returns:
        `(B, 6, side, side)`: means of red, green and blue, and the clipped share of each.
    """
    parts = torch.cat([image, ramp(image)], 1)
    return functional.interpolate(parts, (side, side), mode="bilinear", antialias=True, align_corners=False)


def thumbnail_of(overview: Tensor) -> Tensor:
    """What the convolutions see `(B, 8, h/2, w/2)`, of an overview `(B, 6, h, w)`.

    The means of its six channels over squares of two, beside the deviation of their largest channel there and the share
    that is nearly black.
    """
    brightest = overview[:, :3].amax(1, keepdim=True)
    parts = torch.cat([overview, brightest, brightest.square(), 1 - ramp(brightest, 0.01, 0.05)], 1)
    means = functional.avg_pool2d(parts, 2)
    deviation = (means[:, 7:8] - means[:, 6:7].square()).clamp_min(1e-6).sqrt()
    return torch.cat([means[:, :6], deviation, means[:, 8:]], 1)


def depth_of(image: Tensor) -> Tensor:
    """How far inside a clipped region a place is: 0 at its edge, where radiance comes down to white, to 1.

    Args:
        image: `(B, 3, H, W)`, display values.

    Returns:
        `(B, 1, 256, 256)`, the same for a photograph at any size. A light of a cell or two is all inside.
    """
    cells = (EDGE_CELLS, EDGE_CELLS)
    share = functional.interpolate(ramp(image).amin(1, keepdim=True), cells, mode="bilinear", antialias=True)
    for _ in range(2):
        share = functional.avg_pool2d(share, 3, 1, 1, count_include_pad=False)
    inside = share / functional.max_pool2d(share, 7, 1, 3).clamp_min(1e-3)
    return ((inside - EDGE) / (1 - EDGE)).clamp(0, 1)


def histogram_of(image: Tensor) -> Tensor:
    """Square roots of the shares of display values `(B, 3, 64)`, by bins that are twice as dense below middle grey.

    Values between two bins count for both, so that it is differentiable.
    """
    values = image.flatten(2)
    position = values.clamp(0, 1).sqrt() * (BINS - 1)
    lower = position.detach().floor().clamp_max(BINS - 2)
    upper_share = position - lower
    counts = values.new_zeros(*values.shape[:2], BINS)
    counts = counts.scatter_add(2, lower.long(), 1 - upper_share).scatter_add(2, lower.long() + 1, upper_share)
    return (counts / values.shape[-1]).clamp_min(1e-8).sqrt()

"""What the network sees of a photograph: a thumbnail, and how often each display value occurs."""

import torch
from torch import Tensor
from torch.nn import functional

BINS = 64
"""Of the histogram of each channel."""
NEARLY_WHITE = (0.90, 0.995)
"""Display values between which a pixel passes from known to clipped: JPEG moves 255 down to about 249."""
CHANNELS = 8
"""Of the thumbnail, see `thumbnail_of`."""


def ramp(display: Tensor, low: float = NEARLY_WHITE[0], high: float = NEARLY_WHITE[1]) -> Tensor:
    """How far display values are clipped: 0 up to `low`, 1 from `high` on, any shape.

    >>> ramp(torch.tensor([0.5, 0.9, 1.0])).tolist()
    [0.0, 0.0, 1.0]
    """
    return ((display - low) / (high - low)).clamp(0, 1)


def thumbnail_of(image: Tensor, longest: int, multiple: int) -> Tensor:
    """Means over the cells of a grid: what stays the same whatever the size of the photograph.

    Args:
        image: `(B, 3, H, W)`, display values.
        longest: Cells along the longer side, at most; a smaller photograph is not enlarged.
        multiple: Both sides of the grid divide by this.

    Returns:
        `(B, 8, h, w)`: mean of red, green and blue; the clipped share of each; deviation of their largest; the share
        of pixels that are nearly black.
    """
    size = grid_size(image.shape[-2:], longest, multiple)
    brightest = image.amax(1, keepdim=True)
    parts = torch.cat([image, ramp(image), brightest, brightest.square(), 1 - ramp(brightest, 0.01, 0.05)], 1)
    means = reduced(parts, size)
    deviation = (means[:, 7:8] - means[:, 6:7].square()).clamp_min(1e-6).sqrt()
    return torch.cat([means[:, :6], deviation, means[:, 8:]], 1)


def grid_size(size: torch.Size, longest: int, multiple: int) -> tuple[int, int]:
    """Rows and columns of a grid over an image of `size`, nearly square cells.

    >>> grid_size(torch.Size([4000, 6000]), 128, 16)
    (80, 128)
    """
    # In whole numbers, which a program for images of any size can follow.
    whole = max(size[0], size[1], longest)
    rows, columns = (max(1, (2 * side * longest + whole * multiple) // (2 * whole * multiple)) for side in size)
    return rows * multiple, columns * multiple


def reduced(image: Tensor, size: tuple[int, int]) -> Tensor:
    """`image` `(B, C, H, W)` in another size, averaged over the cells where that is smaller."""
    return functional.interpolate(image, size, mode="bilinear", antialias=True, align_corners=False)


def histogram_of(image: Tensor) -> Tensor:
    """Square roots of the shares of display values `(B, 3, 64)`, by bins that are twice as dense below middle grey.

    Values between two bins count for both, so that it is differentiable.
    """
    values = image.flatten(2)
    values = values[..., :: 1 + values.shape[-1] // 2**18]
    position = values.clamp(0, 1).sqrt() * (BINS - 1)
    lower = position.detach().floor().clamp_max(BINS - 2)
    upper_share = position - lower
    counts = values.new_zeros(*values.shape[:2], BINS)
    counts = counts.scatter_add(2, lower.long(), 1 - upper_share).scatter_add(2, lower.long() + 1, upper_share)
    return (counts / values.shape[-1]).clamp_min(1e-8).sqrt()

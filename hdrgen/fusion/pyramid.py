"""One step of Burt and Adelson's pyramid, down and up, with OpenCV's borders."""

from collections.abc import Sequence

import torch
from torch import Tensor


def pyramid_down(image: Tensor) -> Tensor:
    """Smooth with the binomial 1, 4, 6, 4, 1 and keep every other row and column: (..., H, W) to half, rounded up.

    Pixels outside are mirrored about the edge pixel, as in OpenCV's ``pyrDown``.

    Source: Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983.

    Example:
        >>> pyramid_down(torch.tensor([[0.0, 0.0, 16.0, 0.0, 0.0]])).tolist()
        [[2.0, 6.0, 2.0]]
    """
    return _halved(_halved(image, -2), -1)


def pyramid_up(image: Tensor, size: Sequence[int]) -> Tensor:
    """Double rows and columns and smooth, to (..., *size), which is twice the size or one less.

    Mirrored about the first pixel and repeated after the last, as in OpenCV's ``pyrUp``.

    Example:
        >>> pyramid_up(torch.tensor([[0.0, 8.0]]), (1, 4)).tolist()
        [[2.0, 4.0, 7.0, 8.0]]
    """
    return _doubled(_doubled(image, -2, size[0]), -1, size[1])


def reflected(image: Tensor, dim: int, margin: int) -> Tensor:
    """`margin` pixels more at both ends of a dimension, mirrored about the edge pixel as often as it takes.

    `torch.nn.functional.pad` refuses margins as wide as the image.

    Example:
        >>> reflected(torch.tensor([1.0, 2.0]), 0, 2).tolist()
        [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
    """
    size = image.shape[dim]
    period = max(1, 2 * (size - 1))
    position = torch.arange(-margin, size + margin, device=image.device).remainder(period)
    return image.index_select(dim, torch.minimum(position, period - position))


def _halved(image: Tensor, dim: int) -> Tensor:
    padded = reflected(image, dim, 2).movedim(dim, -1)
    count = (image.shape[dim] + 1) // 2
    taps = [padded[..., first::2][..., :count] for first in range(5)]
    return ((6 * taps[2] + 4 * (taps[1] + taps[3]) + taps[0] + taps[4]) / 16).movedim(-1, dim)


def _doubled(image: Tensor, dim: int, size: int) -> Tensor:
    lines = image.movedim(dim, -1)
    before = reflected(lines, -1, 1)[..., :-2]
    after = torch.cat([lines[..., 1:], lines[..., -1:]], -1)
    even, odd = (before + 6 * lines + after) / 8, (lines + after) / 2
    return torch.stack([even, odd], -1).flatten(-2)[..., :size].movedim(-1, dim)

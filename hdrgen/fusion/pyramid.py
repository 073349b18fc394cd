"""One step of Burt and Adelson's pyramid, down and up, with OpenCV's borders."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from hdrgen.tiling import by_strips


def pyramid_down(image: Tensor) -> Tensor:
    """Smooth with the binomial 1, 4, 6, 4, 1 and keep every other row and column: (..., H, W) to half, rounded up.

    Pixels outside are mirrored about the edge pixel, as in OpenCV's `pyrDown`.

    Source: Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983.

    >>> pyramid_down(torch.tensor([[0.0, 0.0, 16.0, 0.0, 0.0]])).tolist()
    [[2.0, 6.0, 2.0]]
    """

    def rows(start: int, stop: int) -> Tensor:
        above = max(0, 2 * start - 2)
        part = image[..., above : 2 * stop + 1, :]
        return _halved_columns(_halved_rows(part))[..., start - above // 2 : stop - above // 2, :]

    return by_strips(rows, [(side + 1) // 2 for side in image.shape[-2:]])


def pyramid_up(image: Tensor, size: Sequence[int]) -> Tensor:
    """Double rows and columns and smooth, to (..., *size), which is twice the size or one less.

    Mirrored about the first pixel and repeated after the last, as in OpenCV's `pyrUp`.

    >>> pyramid_up(torch.tensor([[0.0, 8.0]]), (1, 4)).tolist()
    [[2.0, 4.0, 7.0, 8.0]]
    """
    return by_strips(partial(pyramid_up_rows, image, size), size)


def pyramid_up_rows(image: Tensor, size: Sequence[int], start: int, stop: int) -> Tensor:
    """The rows from `start`, which is even, to before `stop` of `pyramid_up`."""
    above = max(0, start // 2 - 1)
    part = image[..., above : (stop + 1) // 2 + 1, :]
    enlarged = _doubled(_doubled(part, -1, size[1]), -2, 2 * part.shape[-2])
    return enlarged[..., start - 2 * above : stop - 2 * above, :]


def reflected(image: Tensor, dim: int, margin: int) -> Tensor:
    """`margin` pixels more at both ends of a dimension, mirrored about the edge pixel as often as it takes.

    `torch.nn.functional.pad` refuses margins as wide as the image.

    >>> reflected(torch.tensor([1.0, 2.0]), 0, 2).tolist()
    [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
    """
    size = image.shape[dim]
    period = max(1, 2 * (size - 1))
    outside = torch.tensor([*range(-margin, 0), *range(size, size + margin)], device=image.device).remainder(period)
    edges = image.index_select(dim, torch.minimum(outside, period - outside))
    return torch.cat([edges.narrow(dim, 0, margin), image, edges.narrow(dim, margin, margin)], dim)


def _halved_rows(image: Tensor) -> Tensor:
    padded = reflected(image, -2, 2)
    count = (image.shape[-2] + 1) // 2
    return _binomial(*(padded[..., first::2, :][..., :count, :] for first in range(5)))


def _halved_columns(image: Tensor) -> Tensor:
    padded = reflected(image, -1, 2)
    count = (image.shape[-1] + 1) // 2
    return _binomial(*(padded[..., first::2][..., :count] for first in range(5)))


def _binomial(first: Tensor, second: Tensor, third: Tensor, fourth: Tensor, fifth: Tensor) -> Tensor:
    return (first + fifth).div_(16).add_(second + fourth, alpha=0.25).add_(third, alpha=0.375)


def _doubled(image: Tensor, dim: int, size: int) -> Tensor:
    count = image.shape[dim]
    padded = torch.cat([image.narrow(dim, min(1, count - 1), 1), image, image.narrow(dim, count - 1, 1)], dim)
    after = padded.narrow(dim, 2, count)
    even = (padded.narrow(dim, 0, count) + after).div_(8).add_(image, alpha=0.75)
    odd = (image + after).div_(2)
    return torch.stack([even, odd], image.ndim + dim + 1).flatten(dim - 1, dim).narrow(dim, 0, size)

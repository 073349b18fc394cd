"""One step of Burt and Adelson's pyramid, down and up, with OpenCV's borders."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from hdrgen.array_kinds import Values, in_order, is_numpy, namespace
from hdrgen.tiling import by_strips


def pyramid_down(image: Values) -> Values:
    """Smooth with the binomial 1, 4, 6, 4, 1 and keep every other row and column: (..., H, W) to half, rounded up.

    Pixels outside are mirrored about the edge pixel, as in OpenCV's `pyrDown`.

    Source: Burt and Adelson, "The Laplacian pyramid as a compact image code", 1983.

    >>> import torch
    >>> pyramid_down(torch.tensor([[0.0, 0.0, 16.0, 0.0, 0.0]])).tolist()
    [[2.0, 6.0, 2.0]]
    """

    def rows(start: int, stop: int) -> Values:
        above = max(0, 2 * start - 2)
        part = image[..., above : 2 * stop + 1, :]
        return _halved_columns(_halved_rows(part)[..., start - above // 2 : stop - above // 2, :])

    return by_strips(rows, [(side + 1) // 2 for side in image.shape[-2:]])


def pyramid_up(image: Values, size: Sequence[int]) -> Values:
    """Double rows and columns and smooth, to (..., *size), which is twice the size or one less.

    Mirrored about the first pixel and repeated after the last, as in OpenCV's `pyrUp`.

    >>> import torch
    >>> pyramid_up(torch.tensor([[0.0, 8.0]]), (1, 4)).tolist()
    [[2.0, 4.0, 7.0, 8.0]]
    """
    return by_strips(partial(pyramid_up_rows, image, size), size)


def pyramid_up_rows(image: Values, size: Sequence[int], start: int, stop: int) -> Values:
    """The rows from `start`, which is even, to before `stop` of `pyramid_up`."""
    above = max(0, start // 2 - 1)
    part = image[..., above : (stop + 1) // 2 + 1, :]
    enlarged = _doubled(_doubled(part, -1, size[1]), -2, 2 * part.shape[-2])
    return enlarged[..., start - 2 * above : stop - 2 * above, :]


def reflected(image: Values, dim: int, margin: int) -> Values:
    """`margin` pixels more at both ends of a dimension, mirrored about the edge pixel as often as it takes.

    `torch.nn.functional.pad` refuses margins as wide as the image.

    >>> import torch
    >>> reflected(torch.tensor([1.0, 2.0]), 0, 2).tolist()
    [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]
    """
    size: int = image.shape[dim]
    period = max(1, 2 * (size - 1))

    def lines(places: range) -> Iterator[Values]:
        return (_line(image, dim, min(place % period, period - place % period)) for place in places)

    parts = [*lines(range(-margin, 0)), image, *lines(range(size, size + margin))]
    framed: Values = namespace(image).concatenate(parts, dim)
    return framed


def _line(image: Values, dim: int, place: int) -> Values:
    """A row or a column."""
    return image[..., place : place + 1, :] if dim == -2 else image[..., place : place + 1]


def _halved_rows(image: Values) -> Values:
    padded = reflected(image, -2, 2)
    count = (image.shape[-2] + 1) // 2
    return _binomial(*(padded[..., first::2, :][..., :count, :] for first in range(5)))


def _halved_columns(image: Values) -> Values:
    padded = reflected(image, -1, 2)
    count = (image.shape[-1] + 1) // 2
    # Gathered first: neighbouring columns would be read from every other place twice or thrice.
    even, odd = (in_order(padded[..., start::2]) for start in range(2))
    return _binomial(
        even[..., :count], odd[..., :count], even[..., 1:][..., :count], odd[..., 1:][..., :count], even[..., 2:]
    )


def _binomial(first: Values, second: Values, third: Values, fourth: Values, fifth: Values) -> Values:
    ends = first + fifth
    ends /= 16
    return _plus(_plus(ends, second + fourth, 0.25), third, 0.375)


def _plus(total: Values, part: Values, share: float) -> Values:
    """A share of something more, in place."""
    if is_numpy(total) or is_numpy(part):
        total += part * np.float32(share) if total.dtype == np.float32 else part * share
        return total
    return total.add_(part, alpha=share)


def _doubled(image: Values, dim: int, size: int) -> Values:
    xp, count = namespace(image), image.shape[dim]
    padded = xp.concatenate([_line(image, dim, min(1, count - 1)), image, _line(image, dim, count - 1)], dim)
    before, after = (padded[..., :-2, :], padded[..., 2:, :]) if dim == -2 else (padded[..., :-2], padded[..., 2:])
    even, odd = before + after, image + after
    even /= 8
    even = _plus(even, image, 0.75)
    odd /= 2
    doubled = xp.stack([even, odd], image.ndim + dim + 1)
    shape = [*image.shape]
    shape[dim] *= 2
    doubled = doubled.reshape(shape)
    return doubled[..., :size, :] if dim == -2 else doubled[..., :size]

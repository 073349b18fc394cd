"""Statistics of a whole photograph, for networks that see a large one in tiles."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

Statistic = tuple[Tensor, ...]


class Region(NamedTuple):
    """A part of an image in pixels: first row and column, height and width, and the size of the whole image."""

    top: int
    left: int
    height: int
    width: int
    whole: tuple[int, int]


@dataclass
class WholeImage:
    """The statistics of one photograph, in the order in which the network asks for them.

    A network that normalises by the mean of a photograph would normalise each tile by the tile's own. So it runs once
    over the photograph at a reduced size while they are recorded, and then over every tile with the same numbers:

    >>> whole = WholeImage()
    >>> with whole.recording():
    ...     _ = of_whole_image(lambda: (torch.tensor(5.0),))
    >>> with whole.replaying(Region(0, 0, 8, 8, (16, 16))):
    ...     of_whole_image(lambda: (torch.tensor(7.0),))
    (tensor(5.),)
    """

    values: list[Statistic] = field(default_factory=list)
    region: Region | None = None
    position: int = 0

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Within this, statistics are computed and recorded."""
        with _installed(self):
            yield

    @contextmanager
    def replaying(self, region: Region) -> Iterator[None]:
        """Within this, the network runs on a tile and gets what was recorded, from the first statistic on."""
        self.region, self.position = region, 0
        with _installed(self):
            yield
        self.region = None

    def next_statistic(self, compute: Callable[[], Statistic]) -> Statistic:
        """The next statistic: computed and recorded, or as recorded."""
        if self.region is None:
            self.values.append(compute())
            return self.values[-1]
        self.position += 1
        return self.values[self.position - 1]


_current: list[WholeImage] = []


@contextmanager
def _installed(whole: WholeImage) -> Iterator[None]:
    _current.append(whole)
    try:
        yield
    finally:
        _current.pop()


def of_whole_image(compute: Callable[[], Statistic]) -> Statistic:
    """The result of `compute`, or what was recorded for the whole photograph where the features at hand are a tile's.

    Args:
        compute: Makes tensors whose shapes do not depend on the size of the image.
    """
    return _current[-1].next_statistic(compute) if _current else compute()


def in_a_tile() -> bool:
    """Whether what runs now is a part of a larger image, or of its reduced copy."""
    return bool(_current)


def mean_of_whole(features: Tensor) -> Tensor:
    """Mean of each channel `(B, C, 1, 1)` of features `(B, C, H, W)` of the whole image."""
    return of_whole_image(lambda: (features.mean((-2, -1), keepdim=True),))[0]


def fitted(grid: Tensor, features: Tensor) -> Tensor:
    """`grid`, which covers the whole image, averaged to the size of `features`, or cut to the tile that these cover.

    Without tiles, `torch.nn.functional.adaptive_avg_pool2d`; with them, the same numbers at the tile's place.

    Args:
        grid: `(B, C, h, w)`, of any size.
        features: `(B, D, H, W)`, at the resolution of the image or a fraction of it.

    Returns:
        `(B, C, H, W)`.
    """
    size = features.shape[-2:]
    region = _current[-1].region if _current else None
    if region is None and torch.compiler.is_compiling():  # ONNX averages to known sizes only
        region = Region(0, 0, size[0], size[1], (size[0], size[1]))
    if region is None:
        return functional.adaptive_avg_pool2d(grid, (size[0], size[1]))
    stride = region.height // size[0]
    rows = _averaging(grid.shape[-2], region.whole[0] // stride, region.top // stride, size[0]).to(grid)
    columns = _averaging(grid.shape[-1], region.whole[1] // stride, region.left // stride, size[1]).to(grid)
    return rows @ grid @ columns.T


def spread(grid: Tensor, features: Tensor) -> Tensor:
    """`grid`, which covers the whole image, repeated to the size of `features`, or of the tile that these cover.

    Without tiles, the nearest neighbours of `torch.nn.functional.interpolate`; with them, the same at the tile's place.

    Args:
        grid: `(B, C, h, w)`, of any size.
        features: `(B, D, H, W)`, at the resolution of the image or a fraction of it.

    Returns:
        `(B, C, H, W)`.
    """
    height, width = features.shape[-2:]
    region = _current[-1].region if _current else None
    if region is None:
        region = Region(0, 0, height, width, (height, width))
    stride = region.height // height
    rows, columns = (
        torch.arange(first // stride, first // stride + count, device=grid.device) * cells // (total // stride)
        for first, count, cells, total in zip(region[:2], (height, width), grid.shape[-2:], region.whole, strict=True)
    )
    return grid[..., rows[:, None], columns]


def _averaging(cells: int, total: int, start: int, count: int) -> Tensor:
    """`(count, cells)`: rows `start` and following of the matrix that averages `cells` to `total` values adaptively."""
    place = torch.arange(start, start + count)
    first, last = place * cells // total, ((place + 1) * cells + total - 1) // total
    inside = (torch.arange(cells) >= first[:, None]) & (torch.arange(cells) < last[:, None])
    return inside / inside.sum(1, keepdim=True)


def enlarged(grid: Tensor, features: Tensor) -> Tensor:
    """`grid`, which covers the whole image, at the resolution of `features`, or of the tile that these cover; bilinear.

    Without tiles, `torch.nn.functional.interpolate`; with them, the same numbers at the tile's place.

    Args:
        grid: `(B, C, h, w)`.
        features: `(B, D, H, W)`, at the resolution of the image.

    Returns:
        `(B, C, H, W)`.
    """
    size = (features.shape[-2], features.shape[-1])
    region = _current[-1].region if _current else None
    if region is None:
        return functional.interpolate(grid, size, mode="bilinear", align_corners=False)
    rows = _interpolating(grid.shape[-2], region.whole[0], region.top, size[0]).to(grid)
    columns = _interpolating(grid.shape[-1], region.whole[1], region.left, size[1]).to(grid)
    return rows @ grid @ columns.T


def _interpolating(cells: int, total: int, start: int, count: int) -> Tensor:
    """`(count, cells)`: rows `start` and following of the matrix that interpolates `cells` values at `total` places."""
    position = ((torch.arange(start, start + count) + 0.5) * cells / total - 0.5).clamp(0, cells - 1)
    distance = (position[:, None] - torch.arange(cells)).abs()
    return (1 - distance).clamp_min(0)


def group_norm(features: Tensor, groups: int, weight: Tensor | None = None, bias: Tensor | None = None) -> Tensor:
    """Group normalisation in float32, by the statistics of the whole photograph where there are tiles.

    Args:
        features: `(B, C, H, W)`.
        groups: Of channels, which share mean and variance; C of them is instance normalisation.
        weight: `(C,)`, after the normalisation; None is 1.
        bias: `(C,)`; None is 0.
    """
    x = features.float()
    if not _current:
        each = groups == features.shape[1]
        normal = (
            functional.instance_norm(x, weight=weight, bias=bias)
            if each
            else functional.group_norm(x, groups, weight, bias)
        )
        return normal.to(features.dtype)
    grouped = x.reshape(len(x), groups, -1)
    mean, variance = of_whole_image(lambda: (grouped.mean(2, True), grouped.var(2, correction=0, keepdim=True)))
    normal = ((grouped - mean) * (variance + 1e-5).rsqrt()).view_as(x)
    if weight is not None:
        normal = normal * weight[:, None, None]
    return (normal if bias is None else normal + bias[:, None, None]).to(features.dtype)

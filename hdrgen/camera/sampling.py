"""Which pixels of an exposure stack a calibration looks at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.array_kinds import Values, as_index, between, counted, for_both, gathered, is_numpy, like, namespace

Sampling = Callable[[Any], Any]


@dataclass(frozen=True)
class PixelGrid:
    """Pixels on a regular grid: correct where nothing moves between the exposures.

    Args:
        count: Smallest number of pixels; all, if there are fewer.
    """

    count: int = 1024

    @for_both
    def __call__(self, stack: Values) -> Values:
        """Take display values (B, S, C, H, W) to samples (B, C, N, S)."""
        height, width = stack.shape[-2:]
        step = max(1, int((height * width / self.count) ** 0.5))
        grid = stack[..., (step // 2) % height :: step, (step // 2) % width :: step]
        samples: Values = namespace(stack).moveaxis(grid.reshape(*grid.shape[:-2], -1), 1, -1)
        return samples


@dataclass(frozen=True)
class HistogramSampling:
    r"""Quantiles of each exposure: sample n has display values :math:`Z_{nj} = F_j^{-1}((n + 1/2)/N)`.

    Histograms of a scene keep their order from exposure to exposure, so equal quantiles belong to equal radiance
    even where the camera or the scene moved a little. The quantiles come from the sorted values of a pixel grid,
    interpolated, so that gradients reach those pixels.

    Source: Grossberg and Nayar, "Determining the camera response from images: what is knowable?", 2003.

    Args:
        count: Quantiles per channel.
        pixels: Smallest number of pixels of the grid.
    """

    count: int = 64
    pixels: int = 1024

    @for_both
    def __call__(self, stack: Values) -> Values:
        """Take display values (B, S, C, H, W) to samples (B, C, N, S)."""
        values = PixelGrid(self.pixels)(stack).swapaxes(-1, -2)
        size = values.shape[-1]
        position = (counted(self.count, values) + 0.5) / self.count * size - 0.5
        left = as_index(namespace(values).floor(position).clip(0, size - 1))
        share = like((position - left).clip(0, 1), values)
        order = _rank(values)
        lower = gathered(values, order[..., left])
        upper = gathered(values, order[..., (left + 1).clip(max=size - 1)])
        return between(lower, upper, share).swapaxes(-1, -2)


def _rank(values: Values) -> Values:
    """Indices that sort display values along the last axis, as far as 16 bits tell them apart."""
    if is_numpy(values):
        return _sorting((values * 65535).round())
    codes = (values.detach() * 65535).round()
    if values.device.type != "cpu":
        return codes.argsort(dim=-1)
    return like(_sorting(codes.numpy()), codes.long())


def _sorting(codes: NDArray[Any]) -> NDArray[np.int64]:
    """Indices that sort numbers of 16 bits along the last axis."""
    # NumPy sorts integers several times as fast as torch argsorts, and a code with its place makes one of them. Sorting
    # is the larger part of a small calibration.
    size = codes.shape[-1]
    kind, shift = (np.uint32, 16) if size <= 1 << 16 else (np.uint64, 32)
    keys = np.left_shift(codes.astype(kind), kind(shift)) | np.arange(size, dtype=kind)
    keys.sort(axis=-1)
    return (keys & kind((1 << shift) - 1)).astype(np.int64)

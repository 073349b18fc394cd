"""Which pixels of an exposure stack a calibration looks at."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Sampling = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class PixelGrid:
    """Pixels on a regular grid: correct where nothing moves between the exposures.

    Args:
        count: Smallest number of pixels; all, if there are fewer.
    """

    count: int = 1024

    def __call__(self, stack: Tensor) -> Tensor:
        """Take display values (B, S, C, H, W) to samples (B, C, N, S)."""
        height, width = stack.shape[-2:]
        step = max(1, int((height * width / self.count) ** 0.5))
        grid = stack[..., (step // 2) % height :: step, (step // 2) % width :: step]
        return grid.flatten(-2).permute(0, 2, 3, 1)


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

    def __call__(self, stack: Tensor) -> Tensor:
        """Take display values (B, S, C, H, W) to samples (B, C, N, S)."""
        values = PixelGrid(self.pixels)(stack).transpose(-1, -2)
        size = values.shape[-1]
        position = (torch.arange(self.count, device=stack.device) + 0.5) / self.count * size - 0.5
        left = position.floor().clamp(0, size - 1).long()
        share = (position - left).clamp(0, 1).to(values)
        order = _rank(values.detach())
        lower = values.gather(-1, order[..., left])
        upper = values.gather(-1, order[..., (left + 1).clamp_max(size - 1)])
        return torch.lerp(lower, upper, share).transpose(-1, -2)


def _rank(values: Tensor) -> Tensor:
    """Indices that sort display values along the last axis, as far as 16 bits tell them apart."""
    codes = (values * 65535).round()
    if values.device.type != "cpu":
        return codes.argsort(dim=-1)
    # NumPy sorts integers several times as fast as torch argsorts, and a code with its place makes one of them. Sorting
    # is the larger part of a small calibration.
    size = values.shape[-1]
    kind, shift = (np.uint32, 16) if size <= 1 << 16 else (np.uint64, 32)
    keys = np.left_shift(codes.numpy().astype(kind), kind(shift)) | np.arange(size, dtype=kind)
    keys.sort(axis=-1)
    return torch.from_numpy((keys & kind((1 << shift) - 1)).astype(np.int64))

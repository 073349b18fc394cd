"""Filters of the steerable pyramid: banks of small kernels, applied to mirrored images in the frequency domain."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import NamedTuple

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from hdrgen.metrics.hdr_vdp2.chunks import chunks

_TILE = 128  # pixels on a side, with the overlap; 96 and 192 take about as long, 64 and 512 longer by a third
_WHOLE = 2**19  # values with the border that are one tile: they nearly fit the cache, and need not be put together
_TOGETHER = 2**18  # values of a spectrum: of six kernels, about four tiles fit a core's own cache


class Taps(NamedTuple):
    """The filter set `sp3` of Simoncelli and others, with four orientations; float64."""

    high: Tensor
    """15 x 15, splits off the high-pass residual."""
    low: Tensor
    """9 x 9, what goes on to the first level."""
    shrink: Tensor
    """17 x 17, from a level to the next, of half the size."""
    oriented: tuple[Tensor, ...]
    """Four of 9 x 9, odd about their centre."""


def sp3_taps() -> Taps:
    """The taps, from the package's own file."""
    text = resources.files(__package__).joinpath("sp3_filters.json").read_text(encoding="utf-8")
    kernels = json.loads(text)
    high, low, shrink, *oriented = (
        torch.tensor(kernel, dtype=torch.float64)
        for kernel in (kernels["hi0"], kernels["lo0"], kernels["lo"], *kernels["bands"])
    )
    return Taps(high, low, shrink, tuple(oriented))


def chain(first: Tensor, second: Tensor) -> Tensor:
    """One kernel that does what two do after each other.

    About mirrored edges this holds where the first is even in both axes: its output goes on mirrored then.
    """
    return F.conv_transpose2d(first[None, None], second[None, None])[0, 0]


class FilterBank(NamedTuple):
    """Several kernels for images of one size, as spectra.

    Beyond its edges an image goes on mirrored about its outermost pixels. FFTs are several times faster on a processor
    than direct sums over windows of 9 to 25 pixels, more so in float64; those of tiles, which overlap by what the
    kernels reach, are again three times faster than that of a whole photograph, and need no memory beside the result.
    """

    spectra: Tensor
    """Of correlation, `(K, tile height, tile width / 2 + 1)`."""
    size: tuple[int, int]
    tile: tuple[int, int]
    border: int

    def correlate(self, image: Tensor) -> Tensor:
        """Every kernel on the same image: `(N, H, W)` to `(N, K, H, W)`."""
        return self._by_tiles([image[:, None]], lambda spectrum: spectrum * self.spectra[:, None])

    def convolve(self, planes: Sequence[Tensor]) -> Tensor:
        """Every kernel, flipped, on its own plane, and the sum of all: `(N, K', H, W)`, K in all, to `(N, H, W)`."""
        flipped = self.spectra.conj()[:, None]
        return self._by_tiles(planes, lambda spectrum: (spectrum * flipped).sum(1, keepdim=True))[:, 0]

    def _by_tiles(self, planes: Sequence[Tensor], filtered: Callable[[Tensor], Tensor]) -> Tensor:
        """Put tiles together; `filtered` has the spectra of some, `(N, K, tiles, h, w)`, under the kernels."""
        tiles = self._tiles()
        of_part = self._at_once if tiles == [1, 1] else self._tile_by_tile
        # A batch of small images goes together as long as it fits the cache.
        parts = zip(*(chunks(plane, self.spectra.numel() * math.prod(tiles)) for plane in planes), strict=True)
        made = [of_part(part, filtered) for part in parts]
        return made[0] if len(made) == 1 else torch.cat(made)

    def _at_once(self, planes: Sequence[Tensor], filtered: Callable[[Tensor], Tensor]) -> Tensor:
        padded = F.pad(torch.cat([*planes], 1), (self.border,) * 4, mode="reflect")
        return self._inside(filtered(torch.fft.rfft2(padded, self.tile)[:, :, None]), *self.size)

    def _tile_by_tile(self, planes: Sequence[Tensor], filtered: Callable[[Tensor], Tensor]) -> Tensor:
        return _joined(self._rows_of_tiles(planes, filtered), self.size)

    def _tiles(self) -> list[int]:
        """How many lie below each other, and side by side."""
        return [-(-side // step) for side, step in zip(self.size, self._steps(), strict=True)]

    def _steps(self) -> list[int]:
        """Pixels from one tile to the next."""
        return [side - 2 * self.border for side in self.tile]

    def _rows_of_tiles(
        self, planes: Sequence[Tensor], filtered: Callable[[Tensor], Tensor]
    ) -> Iterator[Iterator[Tensor]]:
        """Of each row of tiles, what some of them make of the image, `(N, K, h, w)`, from left to right."""
        (down, right), (height, width) = self._steps(), self.size
        end = self._tiles()[1] * right + self.border - width
        for top in range(0, height, down):
            strip = torch.cat([self._strip(plane, top - self.border) for plane in planes], 1)
            strip = _mirrored(strip, -1, -self.border, width + end)
            tiles = strip.unfold(-1, self.tile[1], right).transpose(-2, -3)
            rows = min(down, height - top)
            yield (self._inside(filtered(torch.fft.rfft2(group)), rows, right) for group in self._groups(tiles))

    def _strip(self, plane: Tensor, top: int) -> Tensor:
        return _mirrored(plane, -2, top, top + self.tile[0])

    def _groups(self, tiles: Tensor) -> Sequence[Tensor]:
        """Tiles that are filtered together, along dimension 2."""
        if tiles.device.type != "cpu":
            return [tiles]
        return torch.split(tiles, max(1, _TOGETHER // (len(tiles) * self.spectra.numel())), 2)

    def _inside(self, spectrum: Tensor, rows: int, columns: int) -> Tensor:
        """Some rows and columns behind the border of each tile, the tiles side by side."""
        filtered: Tensor = torch.fft.irfft2(spectrum, self.tile)
        inside = filtered.narrow(-2, self.border, rows).narrow(-1, self.border, columns)
        return inside.transpose(-2, -3).flatten(-2)


def _mirrored(image: Tensor, dim: int, start: int, stop: int) -> Tensor:
    """From `start` to before `stop` along a dimension, beyond its ends mirrored about its outermost pixels."""
    side = image.shape[dim]
    inside = image.narrow(dim, max(start, 0), min(stop, side) - max(start, 0))
    outside = torch.tensor([*range(start, 0), *range(side, stop)], device=image.device).remainder(2 * side - 2)
    if not len(outside):
        return inside
    ends = image.index_select(dim, torch.minimum(outside, 2 * side - 2 - outside))
    before = max(-start, 0)
    return torch.cat([ends.narrow(dim, 0, before), inside, ends.narrow(dim, before, len(outside) - before)], dim)


def _joined(rows: Iterator[Iterator[Tensor]], size: tuple[int, int]) -> Tensor:
    """An image of its parts, `(N, K, H, W)`; the last of each row may reach beyond it."""
    result, top = torch.empty(0), 0
    whole = list[Tensor]()
    for row in rows:
        left, parts = 0, list[Tensor]()
        for part in row:
            shown = part[..., : size[1] - left]
            if shown.requires_grad:  # nothing may be written in place
                parts.append(shown)
            else:
                result = result if result.numel() else part.new_empty(*part.shape[:2], *size)
                result[..., top : top + part.shape[-2], left : left + shown.shape[-1]] = shown
            left += shown.shape[-1]
        top += part.shape[-2]
        whole += [torch.cat(parts, -1)] if parts else []
    return torch.cat(whole, -2) if whole else result


def filter_bank(kernels: Sequence[Tensor], size: tuple[int, int]) -> FilterBank:
    """Spectra of kernels of odd sizes, complex128."""
    border = max(kernel.shape[0] // 2 for kernel in kernels)
    height, width = (next_fast_len(side + 2 * border, real=True) for side in size)
    if height * width > _WHOLE:
        height, width = min(height, _TILE), min(width, _TILE)
    centred = torch.zeros(len(kernels), height, width, dtype=torch.float64)
    for plane, kernel in zip(centred, kernels, strict=True):
        plane[: kernel.shape[0], : kernel.shape[1]] = kernel
        plane.copy_(plane.roll((-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1)))
    return FilterBank(torch.fft.rfft2(centred).conj().resolve_conj(), size, (height, width), border)

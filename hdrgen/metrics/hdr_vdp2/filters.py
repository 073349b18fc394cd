"""Filters of the steerable pyramid: banks of small kernels, applied to mirrored images in the frequency domain."""

import json
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

import torch
import torch.nn.functional as F
from scipy.fft import next_fast_len
from torch import Tensor

from hdrgen.metrics.hdr_vdp2.chunks import chunks


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

    Beyond its edges an image goes on mirrored about its outermost pixels. FFTs of the padded image are several times
    faster on a processor than direct sums over windows of 9 to 25 pixels, more so in float64.
    """

    spectra: Tensor
    """Of correlation, `(K, canvas height, canvas width / 2 + 1)`."""
    size: tuple[int, int]
    canvas: tuple[int, int]
    border: int

    def correlate(self, image: Tensor) -> Tensor:
        """Every kernel on the same image: `(N, H, W)` to `(N, K, H, W)`."""
        return torch.cat([self._correlate(part) for part in chunks(image, self.spectra.numel())])

    def convolve(self, planes: Tensor) -> Tensor:
        """Every kernel, flipped, on its own plane, and the sum of all: `(N, K, H, W)` to `(N, H, W)`."""
        spectra = torch.fft.rfft2(self._pad(planes), self.canvas)
        return self._crop((spectra * self.spectra.conj()).sum(1))

    def _correlate(self, image: Tensor) -> Tensor:
        spectrum = torch.fft.rfft2(self._pad(image), self.canvas)
        return self._crop(spectrum[:, None] * self.spectra)

    def _pad(self, image: Tensor) -> Tensor:
        # At the far edges up to the canvas's end, where the length allows, so that the FFT need not pad again.
        rows, columns = (
            min(whole - side - self.border, side - 1) for whole, side in zip(self.canvas, self.size, strict=True)
        )
        return F.pad(image, (self.border, columns, self.border, rows), mode="reflect")

    def _crop(self, spectrum: Tensor) -> Tensor:
        (height, width), border = self.size, self.border
        filtered: Tensor = torch.fft.irfft2(spectrum, self.canvas)
        return filtered[..., border : border + height, border : border + width]


def filter_bank(kernels: Sequence[Tensor], size: tuple[int, int]) -> FilterBank:
    """Spectra of kernels of odd sizes, complex128."""
    border = max(kernel.shape[0] // 2 for kernel in kernels)
    height, width = (next_fast_len(side + 2 * border, real=True) for side in size)
    centred = torch.zeros(len(kernels), height, width, dtype=torch.float64)
    for plane, kernel in zip(centred, kernels, strict=True):
        plane[: kernel.shape[0], : kernel.shape[1]] = kernel
        plane.copy_(plane.roll((-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1)))
    return FilterBank(torch.fft.rfft2(centred).conj().resolve_conj(), size, (height, width), border)

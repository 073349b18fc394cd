"""Scatter of light in the eye, and filters on a canvas of twice the image's size."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from hdrgen.metrics.hdr_vdp2.chunks import chunks
from hdrgen.tiling import by_strips

# `mtf_params_a` and `mtf_params_b` of the release, by the two numbers that it makes the former from.
_SECOND = 0.99727370023777070
_FIRST = 0.061466549455263
_GAINS = (_SECOND * 0.426, _SECOND * 0.574, (1 - _SECOND) * _FIRST, (1 - _SECOND) * (1 - _FIRST))
_DECAYS = (0.028, 0.37, 37.0, 360.0)
_BLOCK = 2**17  # bins; so many stay in a processor's cache, which takes a third of the time of all at once
_DARKEST, _BRIGHTEST = 1e-5, 1e10  # cd/m2; ringing of the filter must not make light negative


class Optics(NamedTuple):
    """The eye's modulation transfer for one image size and viewing distance."""

    transfer: Tensor
    """On a quarter of the canvas's spectrum, `(W + 1, H + 1)`: it is even along both axes."""

    def __call__(self, light: Tensor, surround: Tensor) -> Tensor:
        """Light on the retina, cd/m2, at least 1e-5; computed in the precision of `transfer`.

        Args:
            light: Of each primary, in cd/m2, `(N, C, H, W)`.
            surround: Around the image, in cd/m2, `(N, C, 1, 1)`.
        """
        planes, around = light.flatten(0, 1), surround.flatten(0, 1)
        result = None if light.requires_grad else torch.empty_like(planes)
        places = [None] * len(planes) if result is None else chunks(result, 8 * planes[0].numel())
        parts = (chunks(each, 8 * planes[0].numel()) for each in (planes, around))
        scattered = [self._scattered(*part) for part in zip(*parts, places, strict=False)]
        return (torch.cat(scattered) if result is None else result).view_as(light)

    def _scattered(self, light: Tensor, surround: Tensor, out: Tensor | None) -> Tensor:
        """Of planes `(N, H, W)`."""
        # The transfer is 1 at frequency 0: a constant canvas stays, and only what differs from it needs filtering.
        spectrum = _filtered(lambda *rows: (_rows(light, *rows) - surround).to(self.transfer), light, self.transfer)

        def rows_of(start: int, stop: int) -> Tensor:
            shown = _from_canvas(spectrum[..., start:stop, :]).to(light)
            return (shown + surround).clamp(_DARKEST, _BRIGHTEST)

        return by_strips(rows_of, light.shape[-2:], out)


def optics(height: int, width: int, ppd: float) -> Optics:
    r"""The transfer function :math:`\sum_k a_k e^{-b_k \rho}` on a canvas of twice the size, float64.

    Mantiuk et al., "HDR-VDP-2", SIGGRAPH 2011, Section 4.1, with the constants of release 2.2. It is 1 at frequency 0.

    Args:
        height: Of the image, pixels.
        width: Of the image.
        ppd: Pixels per degree.

    >>> round(optics(8, 8, 30.0).transfer[0, 0].item(), 12)
    1.0
    """

    def rows_of(start: int, stop: int) -> Tensor:
        frequency = canvas_frequencies(height, width, ppd, slice(start, stop))
        return sum((a * torch.exp(-b * frequency) for a, b in zip(_GAINS, _DECAYS, strict=True)), torch.tensor(0.0))

    return Optics(by_strips(rows_of, (width + 1, height + 1)))


def canvas_frequencies(height: int, width: int, ppd: float, columns: slice = slice(None)) -> Tensor:
    """Radial frequency of bins of `filter_on_canvas` in cycles per degree, `(W + 1, H + 1)`.

    Args:
        height: Of the image; the canvas has twice as much.
        width: Of the image.
        ppd: Pixels per degree.
        columns: Which of the W + 1.
    """
    across, down = (torch.fft.rfftfreq(2 * side, 1 / ppd, dtype=torch.float64) for side in (width, height))
    return torch.hypot(across[columns, None], down)


def filter_on_canvas(image: Tensor, transfer: Tensor) -> Tensor:
    """Filter images that lie at the top left of a canvas of twice their size, which is 0 elsewhere.

    Args:
        image: `(N, H, W)`.
        transfer: Real, `(W + 1, H + 1)` or `(N, W + 1, H + 1)`: at the frequencies of `canvas_frequencies`.
    """
    return _from_canvas(_filtered(lambda *rows: _rows(image, *rows), image, transfer))


def _rows(image: Tensor, start: int, stop: int) -> Tensor:
    return image[..., start:stop, :]


def _filtered(rows_of: Callable[[int, int], Tensor], image: Tensor, transfer: Tensor) -> Tensor:
    """The canvas of an image `(N, H, W)`, filtered, as the spectrum of each row `(N, H, W + 1)`."""
    # One axis after the other, since half of the rows are 0 before and not wanted after; columns, block by block.
    height, width = image.shape[-2:]
    spectrum: Tensor = by_strips(lambda *rows: torch.fft.rfft(rows_of(*rows), 2 * width), (height, width + 1))
    count = max(1, _BLOCK // (2 * height)) if image.device.type == "cpu" else width + 1
    blocks = zip(torch.split(spectrum, count, -1), torch.split(transfer, count, -2), strict=True)
    if spectrum.requires_grad:
        return torch.cat([_filter_columns(*block) for block in blocks], -1)
    for columns, gain in blocks:
        columns.copy_(_filter_columns(columns, gain))
    return spectrum


def _filter_columns(columns: Tensor, gain: Tensor) -> Tensor:
    """Some columns `(N, H, n)`; `gain` has their frequencies from 0 up, `(n, H + 1)` or `(N, n, H + 1)`."""
    height = columns.shape[-2]
    both = torch.cat([gain, gain[..., 1:height].flip(-1)], -1)
    filtered: Tensor = torch.fft.ifft(torch.fft.fft(columns.mT, 2 * height) * both)
    return filtered[..., :height].mT


def _from_canvas(spectrum: Tensor) -> Tensor:
    """The left half of rows, `(N, h, W + 1)` to `(N, h, W)`."""
    width = spectrum.shape[-1] - 1
    rows: Tensor = torch.fft.irfft(spectrum, 2 * width)
    return rows[..., :width]

"""Scatter of light in the eye, and filters on a canvas of twice the image's size."""

from typing import NamedTuple

import torch
from torch import Tensor

from hdrgen.metrics.hdr_vdp2.chunks import chunks

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
    """On half of the canvas's spectrum, `(W + 1, 2H)`."""

    def __call__(self, light: Tensor, surround: Tensor) -> Tensor:
        """Light on the retina, cd/m2, at least 1e-5; computed in the precision of `transfer`.

        Args:
            light: Of each primary, in cd/m2, `(N, C, H, W)`.
            surround: Around the image, in cd/m2, `(N, C, 1, 1)`.
        """
        # The transfer is 1 at frequency 0: a constant canvas stays, and only what differs from it needs filtering.
        planes = (light - surround).flatten(0, 1)
        parts = chunks(planes, 8 * planes[0].numel())
        scattered = torch.cat([filter_on_canvas(part.to(self.transfer), self.transfer).to(part) for part in parts])
        return (scattered.view_as(light) + surround).clamp(_DARKEST, _BRIGHTEST)


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
    frequency = canvas_frequencies(height, width, ppd)
    return Optics(sum((a * torch.exp(-b * frequency) for a, b in zip(_GAINS, _DECAYS, strict=True)), torch.tensor(0.0)))


def canvas_frequencies(height: int, width: int, ppd: float) -> Tensor:
    """Radial frequency of each bin of `filter_on_canvas` in cycles per degree, `(W + 1, 2H)`."""
    rows = torch.fft.fftfreq(2 * height, 1 / ppd, dtype=torch.float64)
    columns = torch.fft.rfftfreq(2 * width, 1 / ppd, dtype=torch.float64)
    return torch.hypot(columns[:, None], rows)


def filter_on_canvas(image: Tensor, transfer: Tensor) -> Tensor:
    """Filter images that lie at the top left of a canvas of twice their size, which is 0 elsewhere.

    Args:
        image: `(N, H, W)`.
        transfer: Real, `(W + 1, 2H)` or `(N, W + 1, 2H)`: a real FFT over columns, transposed.
    """
    height, width = image.shape[-2:]
    # One axis after the other, since half of the rows are 0 before and not wanted after; columns, block by block.
    columns = torch.fft.rfft(image, 2 * width).mT
    count = max(1, _BLOCK // (2 * height)) if image.device.type == "cpu" else width + 1
    blocks = zip(torch.split(columns, count, -2), torch.split(transfer, count, -2), strict=True)
    filtered = torch.cat([_filter_columns(*block)[..., :height] for block in blocks], -2)
    rows: Tensor = torch.fft.irfft(filtered.mT, 2 * width)
    return rows[..., :width]


def _filter_columns(columns: Tensor, transfer: Tensor) -> Tensor:
    filtered: Tensor = torch.fft.ifft(torch.fft.fft(columns, transfer.shape[-1]) * transfer)
    return filtered

"""Contrast sensitivity of the nerves behind the receptors (nCSF)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from hdrgen.camera import piecewise_linear
from hdrgen.metrics.hdr_vdp2.optics import canvas_frequencies, filter_on_canvas
from hdrgen.metrics.hdr_vdp2.photoreceptors import LOG_RANGE

# `csf_lums` (cd/m2) and `csf_params` of the release; the table's first column is used nowhere and left out.
_LUMINANCE = (0.002, 0.02, 0.2, 2.0, 20.0, 150.0)
_PARAMETERS = (  # of each luminance: p1, p2, p3, p4
    (0.991265, 3.74038, 0.50722, 4.46044),
    (0.800889, 3.54104, 0.682505, 4.94958),
    (0.476505, 4.37453, 0.750315, 5.28678),
    (0.405782, 4.40602, 0.935314, 5.61425),
    (0.334278, 3.79542, 1.07327, 6.4635),
    (0.394533, 2.7755, 1.16577, 7.45665),
)
_NODES = 256  # of the tables over luminance: the curves are smooth, and interpolated between six rows anyway


def neural_sensitivity(frequency: Tensor, luminance: Tensor) -> Tensor:
    r"""Contrast sensitivity without the optics of the eye.

    :math:`p_4 \left[(1 + (p_1\rho)^{p_2}) \, (1 - e^{-(\rho/7)^2})^{-p_3}\right]^{-1/2}` with the parameters
    interpolated linearly over log luminance, constant beyond 0.002 and 150 cd/m2 (Mantiuk et al. 2011, Section 4.4).
    It is 0 at frequency 0.

    Args:
        frequency: In cycles per degree.
        luminance: Adaptation in cd/m2, `(n,)`.

    Returns:
        `(n, *frequency.shape)`.

    >>> neural_sensitivity(torch.tensor([1.0, 16.0]), torch.tensor([100.0]))[0, 1]
    tensor(0.4853)
    """
    knots = luminance.new_tensor(_LUMINANCE).log10()
    parameters = (
        piecewise_linear(luminance.log10(), knots, luminance.new_tensor(column)).view(-1, *[1] * frequency.ndim)
        for column in zip(*_PARAMETERS, strict=True)
    )
    p1, p2, p3, p4 = parameters
    rise = -torch.expm1(-((frequency / 7) ** 2))
    return p4 * rise ** (p3 / 2) / (1 + (p1 * frequency) ** p2).sqrt()


def sensitivity_tables(frequencies: Sequence[float]) -> Tensor:
    """Sensitivity of each band at equidistant log10 luminances of `LOG_RANGE`, `(bands, n)`, float64."""
    luminance = torch.logspace(*LOG_RANGE, _NODES, dtype=torch.float64)
    return neural_sensitivity(torch.tensor(frequencies, dtype=torch.float64), luminance).T.contiguous()


def base_frequencies(height: int, width: int, band_frequency: float) -> Tensor:
    """Frequencies of the low-pass residual on a canvas of twice its size, `(W + 1, H + 1)`."""
    return canvas_frequencies(height, width, band_frequency * 2 * math.sqrt(2))


def filter_base(base: Tensor, luminance: Tensor, frequencies: Tensor, surround: Tensor) -> Tensor:
    """Apply the sensitivity to low-pass residuals in the frequency domain.

    Args:
        base: `(N, H, W)`.
        luminance: Mean adaptation of each image in cd/m2, `(N,)`.
        frequencies: Of `base_frequencies`.
        surround: What lies around each residual, `(N, 1, 1)`. Its own response is 0, for it is constant.
    """
    return filter_on_canvas(base - surround, neural_sensitivity(frequencies, luminance))

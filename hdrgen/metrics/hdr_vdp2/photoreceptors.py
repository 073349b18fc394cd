"""From light on the retina to one achromatic response in just noticeable differences (JND)."""

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.camera import uniform_linear
from hdrgen.metrics.hdr_vdp2.displays import Primaries
from hdrgen.tiling import by_strips

Curve = NDArray[np.float64]

LOG_RANGE = (-5.0, 5.0)
"""log10 of the luminances in cd/m2 that the tables cover."""
_NODES = 2048  # of the tables
_CALIBRATION = 0.006894596
"""The threshold contrast at the peak of Daly's sensitivity for 30 cd/m2, `daly_peak_contrast_sens` of the release."""


class Photoreceptors(NamedTuple):
    """Response of cones and rods of one observer to the primaries of one display."""

    primaries: Tensor
    """Rows of `DISPLAYS` as columns, `(3, C)`: L cones, M cones and rods from the primaries."""
    cone: Tensor
    """JND at equidistant log10 luminances of `LOG_RANGE`."""
    rod: Tensor

    def __call__(self, light: Tensor) -> tuple[Tensor, Tensor]:
        """The response, and the luminance that the eye is adapted to (that of its cones).

        Args:
            light: Of each primary on the retina, in cd/m2, `(N, C, H, W)`.

        Returns:
            `(N, H, W)` in JND with mean 0, and `(N, H, W)` in cd/m2.
        """

        def rows_of(start: int, stop: int) -> Tensor:
            excitation = torch.einsum("rc,nchw->nrhw", self.primaries, light[..., start:stop, :])
            position = table_position(excitation)
            jnd = uniform_linear(position[:, :2], self.cone).sum(1) + uniform_linear(position[:, 2], self.rod)
            return torch.stack([jnd, excitation[:, :2].sum(1)], 1)

        jnd, adaptation = by_strips(rows_of, light.shape[-2:]).unbind(1)
        # A copy, lest the response stays in memory as long as the other does.
        return jnd - jnd.mean((1, 2), keepdim=True), adaptation.clone()


def table_position(luminance: Tensor) -> Tensor:
    """Where a luminance in cd/m2 lies in `LOG_RANGE`, in [0, 1]."""
    low, high = LOG_RANGE
    return (luminance.clamp(10**low, 10**high).log10() - low) / (high - low)


def photoreceptors(primaries: Primaries, peak_sensitivity: float, rod_sensitivity: float) -> Photoreceptors:
    r"""Integrate the sensitivities over log luminance: :math:`P(l) = k \int s(l')\, \ln 10\; d\log_{10} l'`.

    Equal steps of :math:`P` are then equally visible (Mantiuk et al. 2011, Section 4.3).

    Args:
        primaries: Of the display.
        peak_sensitivity: See `Observer`.
        rod_sensitivity: See `Observer`.
    """
    log_luminance = np.linspace(*LOG_RANGE, _NODES)
    factor = _CALIBRATION * 10**peak_sensitivity * np.log(10) * (log_luminance[1] - log_luminance[0])
    cone, rod = (
        F.pad(torch.cumulative_trapezoid(factor * torch.from_numpy(curve)), (1, 0))
        for curve in sensitivities(10**log_luminance, rod_sensitivity)
    )
    return Photoreceptors(torch.tensor(primaries, dtype=torch.float64).T.contiguous(), cone, rod)


def sensitivities(luminance: Curve, rod_sensitivity: float) -> tuple[Curve, Curve]:
    """Of one cone type and of the rods, to luminances in cd/m2 (rising; the largest ends the table).

    What the rods leave of the joint sensitivity is shared by L and M cones, each of which sees half of the luminance.

    >>> cone, rod = sensitivities(np.logspace(-5, 5, 2048), 0.0)
    >>> round(float(cone[1433]), 4), round(float(rod[1023]), 4)
    (15.0747, 13.3673)
    """
    # `csf_sa` of the release: what rods and cones see together (Mantiuk et al. 2011, Section 4.3).
    joint = 30.162 * ((4.0627 / luminance) ** 1.6596 + 1) ** -0.2712
    # `csf_sr_par`: a bell over log luminance around 1.1732 cd/m2, steeper towards the bright side, where rods saturate.
    stops = np.log10(luminance / 1.1732)
    fall = np.where(stops > 0, np.abs(stops) ** 2.9899 / 0.5547, np.abs(stops) ** 1.2167 / 1.1478)
    rod = 10 ** (1.1414 + rod_sensitivity) * np.exp(-fall)
    rest = np.maximum(joint - rod, 1e-3)
    return 0.5 * np.interp(np.minimum(2 * luminance, luminance[-1]), luminance, rest), rod

"""Colour for the luminance metrics: linear BT.709 to luminance and chromaticity, and the PQ transfer function."""

from typing import NamedTuple

import torch
from torch import Tensor

RGB_TO_XYZ = ((0.412424, 0.357579, 0.180464), (0.212656, 0.715158, 0.072186), (0.019332, 0.119193, 0.950444))
"""Linear BT.709 to CIE XYZ, with the digits of Mantiuk's metrics."""
_DARKEST, _BRIGHTEST = 1e-4, 1e8  # cd/m2; XYZ is cut to this, so that chromaticity exists
LOGLUV = 410 / 255
"""The scale of u' and v' in LogLuv, which the ridge of the CRF correction is meant for."""


def luminance(rgb: Tensor) -> Tensor:
    """Luminance `(*, 1, H, W)` of linear BT.709 `(*, 3, H, W)`, in the same unit.

    >>> round(luminance(torch.full((3, 1, 1), 100.0)).item(), 3)
    100.0
    """
    return (rgb * rgb.new_tensor(RGB_TO_XYZ[1]).view(3, 1, 1)).sum(-3, keepdim=True)


def rgb_to_luv(rgb: Tensor) -> Tensor:
    r"""Luminance and CIE 1976 chromaticity of `(*, 3, H, W)`: :math:`(Y, \tfrac{410}{255}u', \tfrac{410}{255}v')`."""
    xyz = torch.einsum("ij,...jhw->...ihw", rgb.new_tensor(RGB_TO_XYZ), rgb).clamp(_DARKEST, _BRIGHTEST)
    x, y, z = xyz.unbind(-3)
    total = x + 15 * y + 3 * z
    return torch.stack([y, LOGLUV * 4 * x / total, LOGLUV * 9 * y / total], -3)


def luv_to_rgb(luv: Tensor) -> Tensor:
    """Undo `rgb_to_luv`; what lies outside BT.709 is cut to its border.

    >>> colour = torch.tensor([50.0, 20, 80]).view(3, 1, 1)
    >>> [round(value) for value in luv_to_rgb(rgb_to_luv(colour)).flatten().tolist()]
    [50, 20, 80]
    """
    y, u, v = luv.unbind(-3)
    y, u, v = y.clamp(_DARKEST, _BRIGHTEST), u / LOGLUV, v / LOGLUV
    x = (9 * u * y / (4 * v)).clamp(_DARKEST, _BRIGHTEST)
    z = ((12 - 3 * u - 20 * v) * y / (4 * v)).clamp(_DARKEST, _BRIGHTEST)
    to_rgb = torch.linalg.inv(torch.tensor(RGB_TO_XYZ, dtype=torch.float64)).to(luv)
    return torch.einsum("ij,...jhw->...ihw", to_rgb, torch.stack([x, y, z], -3)).clamp_min(0)


class PQ(NamedTuple):
    """Constants of the perceptual quantizer, SMPTE ST 2084."""

    m: float
    n: float
    c1: float
    c2: float
    c3: float


STANDARD = PQ(2523 / 32, 1305 / 8192, 107 / 128, 2413 / 128, 2392 / 128)
ROUNDED = PQ(78.8438, 0.1593, 0.8359, 18.8516, 18.6875)
"""To four decimals, as the CRF correction of SI-HDR has them."""
PQ_PEAK = 1e4
"""cd/m2, the most that it holds."""


def pq_encode(light: Tensor, constants: PQ = ROUNDED) -> Tensor:
    r"""SMPTE ST 2084, by default with constants of four decimals.

    :math:`\left(\frac{c_1 + c_2 p}{1 + c_3 p}\right)^m` with :math:`p = (Y / 10^4)^n`, Y in cd/m2.

    >>> round(pq_encode(torch.tensor(1e4)).item(), 3)
    1.0
    """
    m, n, c1, c2, c3 = constants
    power = (light / PQ_PEAK).pow(n)
    return ((c1 + c2 * power) / (1 + c3 * power)).pow(m)


def pq_decode(code: Tensor) -> Tensor:
    """Undo `pq_encode` with constants of four decimals.

    >>> round(pq_decode(pq_encode(torch.tensor(5.0, dtype=torch.float64))).item(), 6)
    5.0
    """
    m, n, c1, c2, c3 = ROUNDED
    root = code.pow(1 / m)
    return PQ_PEAK * ((c1 - root) / (c3 * root - c2)).pow(1 / n)

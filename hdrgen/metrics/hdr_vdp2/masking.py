"""Differences between bands in units of their visibility: contrast raised to a power, over sensitivity and masking."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from hdrgen.metrics.hdr_vdp2.resizing import BLOCK, Resizer
from hdrgen.tiling import by_strips

# `mask_p`, `mask_q`, `mask_self`, `mask_xo` and `mask_xn` of the release, which has their decimal logarithms.
_P = 10**0.544068
_Q = 10**0.49576
_SELF, _ORIENTATIONS, _NEIGHBOURS = (k * math.log(10) for k in (0.189065, 0.449199, 1.52512))  # logs of factors

_TOGETHER = 2**18  # values of a difference: what is made of them stays in the cache


class Neighbours(NamedTuple):
    """Resizers to one band from the next finer and the next coarser; None: there is none, or it does not mask."""

    finer: Resizer | None
    coarser: Resizer | None


def visible_difference(
    difference: Tensor,
    sensitivity: Tensor,
    masking: Sequence[Tensor] | None,
    neighbours: Neighbours,
    band: int,
    out: Tensor | None = None,
) -> Tensor:
    r"""Difference of one band, 1 where it is just visible.

    With :math:`d` the difference of the two bands, :math:`n = 2^\text{band}`, :math:`S` the contrast sensitivity,
    :math:`m` the contrast that both images have near a pixel, :math:`m_o` that of the other orientations, :math:`m_n`
    that of the neighbouring bands:

    .. math::
        D = \frac{\mathrm{sign}(d)\, n\, |d/n|^p}{\sqrt{S^{-2p} + M^2}}, \quad
        M = n \left(k_s (m S/n)^q + k_o (m_o S/n)^q + k_n (m_n S)^q\right)

    (Mantiuk et al. 2011, Section 4.5). Both parts of the fraction are multiplied by :math:`S^p` here: sensitivity may
    be so small that its reciprocal overflows. The release takes :math:`D` to the power of 3.5 / p = 1.0000001 before it
    makes the map; this is left out.

    Args:
        difference: `(B, K, h, w)`.
        sensitivity: `(B, 1, h, w)`.
        masking: Of `common_contrast` for all bands; None: nothing masks.
        neighbours: Of this band.
        band: Number of the band, from 0, the finest.
        out: Where to, unless gradients are asked for; may be `difference`.
    """
    log_norm = band * math.log(2)

    def rows_of(start: int, stop: int) -> Tensor:
        part = difference[..., start:stop, :]
        log_sensitivity = sensitivity[..., start:stop, :].clamp_min(_tiny(sensitivity)).log()
        visible = part * power(part.abs(), _P - 1, _P * log_sensitivity + (1 - _P) * log_norm)
        if masking is None:
            return visible
        mask = _mask(masking, neighbours, band, start, stop)
        masked = mask * ((_P + _Q) * log_sensitivity + (1 - _Q) * log_norm).exp()
        return visible * (1 + masked.square()).rsqrt()

    rows = max(1, _TOGETHER // (BLOCK * difference[0, :, 0].numel())) * BLOCK
    return by_strips(rows_of, difference.shape[-2:], out, rows)


def common_contrast(first: Tensor, second: Tensor) -> Tensor:
    """Contrast that two bands share near each pixel: the mean over 3 x 3 of the smaller magnitude, 0 beyond edges."""

    def rows_of(start: int, stop: int) -> Tensor:
        above, below = max(start - 1, 0), min(stop + 1, first.shape[-2])
        both = torch.minimum(first[..., above:below, :].abs(), second[..., above:below, :].abs())
        padded = F.pad(both, (1, 1, above - start + 1, stop + 1 - below))
        rows = padded[..., :-2, :] + padded[..., 1:-1, :] + padded[..., 2:, :]
        return (rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:]) / 9

    return by_strips(rows_of, first.shape[-2:])


def power(x: Tensor, exponent: float, log_factor: Tensor | float = 0.0) -> Tensor:
    """`factor * x ** exponent` for x >= 0 and a positive exponent, of which the gradient at 0 is 0.

    It takes half the time of `pow`.
    """
    return x.clamp_min(_tiny(x)).log().mul_(exponent).add_(log_factor).exp_()


def _tiny(x: Tensor) -> float:
    return torch.finfo(x.dtype).tiny


def _mask(masking: Sequence[Tensor], neighbours: Neighbours, band: int, start: int, stop: int) -> Tensor:
    """What hides contrast in some rows, before sensitivity: the sum of the three terms, times n to the power of q."""
    own = masking[band][..., start:stop, :]
    total = power(own, _Q, _SELF)
    if own.shape[1] > 1:
        total = total + power(own.sum(1, keepdim=True) - own, _Q, _ORIENTATIONS)
    beside = _beside(masking, neighbours, band, start, stop)
    return total if beside is None else total + power(beside, _Q, _NEIGHBOURS)


def _beside(masking: Sequence[Tensor], neighbours: Neighbours, band: int, start: int, stop: int) -> Tensor | None:
    """Contrast of the neighbouring bands at this band's size, each over its own n, times this band's."""
    parts = [
        # Of the same orientation; a band without orientations masks all, and is masked by the first.
        resize.rows_of(masking[other][:, : masking[band].shape[1]], start, stop).clamp_min(0) * 2.0 ** (band - other)
        for other, resize in ((band - 1, neighbours.finer), (band + 1, neighbours.coarser))
        if resize is not None
    ]
    return sum(parts[1:], parts[0]) if parts else None

"""Undoing a global difference of tone and colour before a metric looks, as SI-HDR evaluates single-image methods."""

import torch
from torch import Tensor

from hdrgen.metrics.colour import luv_to_rgb, pq_decode, pq_encode, rgb_to_luv
from hdrgen.metrics.precision import full_precision
from hdrgen.precision import in_float64

DEGREE = 3  # of the polynomials
RIDGE = 0.01
"""Weight of the identity against each column of the chromaticity fit."""
DARKEST = 0.005
"""cd/m2; darker values count as this."""
_BRIGHTEST = 1e8  # cd/m2; beyond, a polynomial may leave the range of PQ


@full_precision
def correct_response(image: Tensor, target: Tensor) -> Tensor:
    r"""The image under the polynomials that bring its luminance and chromaticity closest to the target's.

    Luminance: the cubic in :math:`\text{PQ}(Y)` of the least squared error. Chromaticity :math:`(u', v')`: both by a
    cubic without mixed terms but :math:`u'v'`, with a ridge of :math:`0.01 N / K` towards the identity, N pixels and K
    columns. The fits are made in float64. Each image has its own.

    Args:
        image: `(B, 3, H, W)`, linear BT.709 in cd/m2.
        target: Same shape.

    Returns:
        `image` corrected, of the same dtype.

    Source: Hanji, Mantiuk, Eilertsen, Hajisharif, Unger, "Comparison of single image HDR reconstruction methods: the
    caveats of quality assessment", SIGGRAPH 2022.
    """
    luv, true_luv = (rgb_to_luv(in_float64(x).clamp_min(DARKEST)) for x in (image, target))
    light = _fitted_luminance(luv[:, 0].flatten(1), true_luv[:, 0].flatten(1))
    chromaticity = _fitted_chromaticity(luv[:, 1:].flatten(2), true_luv[:, 1:].flatten(2))
    corrected = torch.cat([light[:, None], chromaticity], 1).view_as(luv)
    return luv_to_rgb(corrected).to(image)


def _fitted_luminance(luminance: Tensor, truth: Tensor) -> Tensor:
    """`(B, N)` in cd/m2 each."""
    code, target = pq_encode(luminance), pq_encode(truth)
    middle, spread = code.mean(1, keepdim=True), code.std(1, keepdim=True, correction=0)
    # The fit is the same in a shifted and scaled variable, whose powers are far from parallel.
    standard = (code - middle) / torch.where(spread > 1e-9, spread, 1)
    columns = torch.stack([standard**power for power in range(DEGREE + 1)], 1)
    # The pseudo-inverse, because an image of one luminance, or of two, leaves the cubic undetermined.
    weights = torch.linalg.pinv(columns @ columns.mT, hermitian=True) @ (columns @ target[..., None])
    fitted = (columns * weights).sum(1)
    ends = pq_encode(fitted.new_tensor([DARKEST, _BRIGHTEST]))
    return pq_decode(fitted.clamp(ends[0], ends[1]))


def _fitted_chromaticity(uv: Tensor, truth: Tensor) -> Tensor:
    """`(B, 2, N)` each."""
    powers = [uv**power for power in range(1, DEGREE + 1)]
    columns = torch.cat([*powers, uv[:, :1] * uv[:, 1:], torch.ones_like(uv[:, :1])], 1)
    count, pixels = columns.shape[1:]
    ridge = RIDGE * pixels / count * torch.eye(count, dtype=columns.dtype, device=columns.device)
    identity = torch.eye(count, 2, dtype=columns.dtype, device=columns.device)
    weights = torch.linalg.solve(columns @ columns.mT + ridge, columns @ truth.mT + ridge @ identity)
    fitted: Tensor = weights.mT @ columns
    return fitted.clamp_min(DARKEST)

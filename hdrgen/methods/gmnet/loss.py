"""GMNet's targets, gain maps of the true radiance, and its loss."""

import torch
from torch import Tensor

DARKEST = 1e-6
"""Linear value of the photograph below which nothing is divided by it."""


def true_gain(linear: Tensor, radiance: Tensor, peak: float) -> tuple[Tensor, Tensor]:
    r"""The gain map of a photograph and the gain, `(B, 1, H, W)` each.

    The gain is grey: :math:`g = \log_2(\max_c H / \max_c L)`, from 0 to the peak. The map is
    :math:`G = g / \max g`, and the gain in parts of the peak :math:`Q = g / \log_2 P`.

    Args:
        linear: L, the linearised photograph, `(B, 3, H, W)`.
        radiance: H, of the same shape; 1 is the photograph's white.
        peak: P, the largest radiance that a map can make of white.
    """
    brightest, light = (x.float().amax(1, keepdim=True).clamp_min(DARKEST) for x in (radiance, linear))
    stops = torch.log2(torch.tensor(peak)).to(light)
    gain = (brightest / light).log2().clamp_min(0).minimum(stops)
    most = gain.amax((1, 2, 3), keepdim=True).clamp_min(DARKEST)
    return gain / most, gain / stops


def gain_loss(made: tuple[Tensor, Tensor], truth: tuple[Tensor, Tensor], gain_weight: float = 3.0) -> Tensor:
    r""":math:`\overline{|\hat G - G|} + \lambda\,\overline{|\hat Q - Q|}`, () in float32.

    Args:
        made: The map and the gain, of one shape.
        truth: The same of `true_gain`.
        gain_weight: lambda.
    """
    of_map, of_gain = ((one.float() - other.float()).abs().mean() for one, other in zip(made, truth, strict=True))
    return of_map + gain_weight * of_gain

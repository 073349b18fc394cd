"""Drago's adaptive logarithmic mapping."""

import math
from dataclasses import dataclass
from typing import ClassVar

from hdrgen.array_kinds import Values, at_least, for_both, largest, log_above_one, namespace
from hdrgen.camera import power, raised
from hdrgen.errors import InputError
from hdrgen.tiling import mean_by_strips
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import BLACK, IMAGE, Stretched, stretched_by_strips

DARKEST = 1e-4  # log luma is taken from here up, as in OpenCV
_HUELESS = 1e-10  # stretched luma below which a pixel has no hue


def drago2003(radiance: Values, *, bias: float = 0.85, saturation: float = 1.0, gamma: float = 2.2) -> Values:
    r"""Take a logarithm whose base grows with luminance, from 2 in the shadows to 10 in the highlights.

    :math:`L_d \propto \ln(1 + L) / \ln(2 + 8 (L/L_{max})^{\ln b / \ln 0.5})`, where :math:`L = L_w / \bar L_w` is
    relative to the log-average. Colours follow by :math:`C_d = (C/L)^s L_d`.

    This is OpenCV's `TonemapDrago(gamma, saturation, bias)`: input and result are stretched to [0, 1], so that the
    scale of the radiance does not matter; luma is BT.601. The paper instead keeps the input's scale, divides by the
    display's luminance, and has a gamma curve with a linear toe. Black pixels, which OpenCV turns into NaN, stay
    black. OpenCV's default gamma is 1, which is too dark on a display.

    The curve turns down before the brightest pixel where :math:`\ln(1 + L_{max}) > 2.88 \ln 0.5 / \ln b`: with a bias
    of 0.85 above 2e5 times the log-average, with 0.7 above 270 times.

    Args:
        radiance: Linear radiance, (..., 3, H, W); negative values are cut off.
        bias: `b` in (0, 1]: less is brighter; 0.7 to 0.9 in the paper.
        saturation: `s`, 0 or more; 1 keeps the hue.
        gamma: The display's; 1 leaves linear light.

    Returns:
        Display values in [0, 1], (..., 3, H, W). An image that is constant, but for rounding to half floats, becomes
        mid-grey or its hue, a black one black.

    Raises:
        InputError: A parameter is out of its range.

    Source: Drago, Myszkowski, Annen and Chiba, "Adaptive logarithmic mapping for displaying high contrast scenes",
    2003, Eq. 1-4.

    >>> import torch
    >>> ramp = torch.tensor([0.0, 0.1, 1.0, 10.0]).expand(3, 1, 4)
    >>> [round(value, 3) for value in drago2003(ramp)[0, 0].tolist()]
    [0.0, 0.439, 0.773, 1.0]
    """
    _check(bias, saturation, gamma)
    size, image = radiance.shape[-2:], Stretched(radiance)
    luma = image.luma()
    xp = namespace(luma)
    average = xp.exp(mean_by_strips(lambda start, stop: xp.log(luma[..., start:stop, :].clip(DARKEST)), size))
    brightest = (largest(luma, IMAGE) / average).clip(BLACK)

    def display_of(start: int, stop: int) -> Values:
        grey = luma[..., start:stop, :]
        scaled = grey / average
        # Where the logarithm is 0 the base matters no more; the clamp keeps its slope finite there.
        part = raised(at_least(scaled / brightest, _HUELESS), math.log(bias) / math.log(0.5))
        compressed, hue = log_above_one(scaled) / xp.log(8 * part + 2), grey.clip(_HUELESS)
        if saturation != 1:
            hued: Values = image.rows(start, stop) / hue
            saturated: Values = power(hued, saturation) * compressed
            return saturated
        display: Values = image.above(start, stop)
        display *= compressed / hue / image.height
        return display

    return stretched_by_strips(display_of, size, gamma)


@dataclass(frozen=True)
class Drago2003(Operator):
    """`drago2003` with its parameters.

    >>> import torch
    >>> round(float(Drago2003(bias=0.7)(torch.tensor([0.0, 1.0, 10.0]).expand(3, 1, 3))[0, 0, 1]), 3)
    0.846
    """

    encoding: ClassVar[str] = "power 1/gamma"
    brighter: ClassVar[str] = "lower bias"

    bias: float = 0.85
    saturation: float = 1.0
    gamma: float = 2.2

    def __post_init__(self) -> None:
        _check(self.bias, self.saturation, self.gamma)

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        return drago2003(radiance, bias=self.bias, saturation=self.saturation, gamma=self.gamma)


def _check(bias: float, saturation: float, gamma: float) -> None:
    if not 0 < bias <= 1:
        raise InputError(f"drago2003: expected a bias above 0, at most 1, found {bias}")
    if not 0 <= saturation < math.inf:
        raise InputError(f"drago2003: expected a saturation of 0 or more, found {saturation}")
    if not 0 < gamma < math.inf:
        raise InputError(f"drago2003: expected a positive gamma, found {gamma}")

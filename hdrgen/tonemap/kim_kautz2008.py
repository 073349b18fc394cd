"""Kim and Kautz's consistent tone reproduction."""

import math
from dataclasses import dataclass
from typing import ClassVar

from hdrgen.array_kinds import Values, for_both, largest, namespace, smallest
from hdrgen.camera import Gamma, luminance_of
from hdrgen.errors import InputError
from hdrgen.tiling import by_strips
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import BLACK, IMAGE, radiance_rows, stretch_most

_HUELESS = 1e-10  # luminance, as a part of the image's largest, below which a pixel has no hue
_MIDDLE = 0.18  # linear light of an image without contrast


def kim_kautz2008(
    radiance: Values,
    *,
    c1: float = 3.0,
    c2: float = 0.5,
    display_range: float = 1000.0,
    clip: float = 0.01,
    delta: float = 1e-6,
    gamma: float = 2.2,
) -> Values:
    r"""Compress log luminance fully far from its mean and little near it, by a Gaussian between the two.

    With log luminance :math:`\ell`, its mean :math:`\mu` and range :math:`d = \ell_{max} - \ell_{min}`:
    :math:`\ln L_d = c_2\,k\,(\ell - \mu) + \mu`, :math:`k = (1 - k_1) w + k_1`, :math:`k_1 = \ln R / d`,
    :math:`w = \exp(-(\ell - \mu)^2 / 2\sigma^2)`, :math:`\sigma = d / c_1`, R the contrast of the display. The darkest
    and the brightest pixels clip, the others are stretched to [0, 1], and the colours follow in proportion.

    The paper leaves open how its result gets into the display's range. That is done here as in the HDR Toolbox:
    between the percentiles 1 and 99. Its public code has had w from luminance rather than its logarithm, and a
    quotient for d; this is the formula of the paper. Logarithms are taken of luminance plus `delta` of the largest,
    so that the scale of the radiance does not matter; with the default the curve is monotone in any image.

    Args:
        radiance: Linear radiance, (..., 3, H, W); negative values are cut off.
        c1: Width of the Gaussian; more compresses more, and loses local contrast.
        c2: Slope of the curve, the display's part of the range that is to be seen.
        display_range: R, the quotient of the display's luminances; 300 to 0.3 cd/m2 in the HDR Toolbox.
        clip: Share of pixels that clip to black, and to white.
        delta: Added in the logarithm, as a part of the image's largest luminance.
        gamma: The display's; 1 leaves linear light.

    Returns:
        Display values in [0, 1], (..., 3, H, W). A constant image becomes mid-grey or its hue, a black one black.

    Raises:
        InputError: A parameter is out of its range.

    Source: Kim and Kautz, "Consistent tone reproduction", 2008, Eq. 1-5.

    >>> import torch
    >>> ramp = torch.tensor([0.01, 0.1, 1.0, 10.0]).expand(3, 1, 4)
    >>> [round(value, 3) for value in kim_kautz2008(ramp)[0, 0].tolist()]
    [0.0, 0.3, 0.573, 1.0]
    """
    _check(c1, c2, display_range, clip, delta, gamma)
    size = radiance.shape[-2:]
    luminance = by_strips(lambda start, stop: luminance_of(radiance_rows(radiance, start, stop)), size)
    xp, brightest = namespace(luminance), largest(luminance, IMAGE).clip(BLACK)
    logarithm = by_strips(lambda start, stop: xp.log(luminance[..., start:stop, :] / brightest + delta), size)
    light = stretch_most(_curve(logarithm, c1, c2, math.log(display_range)), clip, _MIDDLE)

    def display_of(start: int, stop: int) -> Values:
        hue = (luminance[..., start:stop, :] / brightest).clip(_HUELESS)
        linear: Values = radiance_rows(radiance, start, stop) * (light[..., start:stop, :] / brightest / hue)
        return Gamma(gamma)(linear)

    return by_strips(display_of, size)


def _curve(log_luminance: Values, c1: float, c2: float, display: float) -> Values:
    """Display luminance relative to that of the mean of the logarithms; overwrites these, see `by_strips`."""
    xp, span = namespace(log_luminance), largest(log_luminance, IMAGE) - smallest(log_luminance, IMAGE)
    span = span.clip(1e-3)  # a constant image, whose curve does not matter
    mean, slope = xp.mean(log_luminance, axis=IMAGE, keepdims=True), display / span

    def rows_of(start: int, stop: int) -> Values:
        offset = log_luminance[..., start:stop, :] - mean
        bell = xp.exp(-0.5 * (offset * c1 / span) ** 2)
        curve: Values = xp.exp(c2 * ((1 - slope) * bell + slope) * offset)
        return curve

    return by_strips(rows_of, log_luminance.shape[-2:], out=log_luminance)


@dataclass(frozen=True)
class KimKautz2008(Operator):
    """`kim_kautz2008` with its parameters.

    >>> import torch
    >>> round(float(KimKautz2008(c2=0.8)(torch.tensor([0.1, 1.0, 10.0]).expand(3, 1, 3))[0, 0, 1]), 3)
    0.314
    """

    encoding: ClassVar[str] = "power 1/gamma"
    brighter: ClassVar[str] = "lower c2"

    c1: float = 3.0
    c2: float = 0.5
    display_range: float = 1000.0
    clip: float = 0.01
    delta: float = 1e-6
    gamma: float = 2.2

    def __post_init__(self) -> None:
        _check(self.c1, self.c2, self.display_range, self.clip, self.delta, self.gamma)

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        return kim_kautz2008(
            radiance,
            c1=self.c1,
            c2=self.c2,
            display_range=self.display_range,
            clip=self.clip,
            delta=self.delta,
            gamma=self.gamma,
        )


def _check(c1: float, c2: float, display_range: float, clip: float, delta: float, gamma: float) -> None:
    for name, value in {"c1": c1, "c2": c2, "delta": delta, "gamma": gamma}.items():
        if not 0 < value < math.inf:
            raise InputError(f"kim_kautz2008: expected a positive {name}, found {value}")
    if not 1 < display_range < math.inf:
        raise InputError(f"kim_kautz2008: expected a display_range above 1, found {display_range}")
    if not 0 <= clip < 0.5:
        raise InputError(f"kim_kautz2008: expected a clip from 0 to less than 0.5, found {clip}")

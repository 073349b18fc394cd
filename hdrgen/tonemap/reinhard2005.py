"""Reinhard and Devlin's tone mapping after photoreceptors."""

import math
from dataclasses import dataclass
from typing import ClassVar

from hdrgen.array_kinds import Values, at_least, for_both, largest, like, namespace, smallest
from hdrgen.camera import raised
from hdrgen.errors import InputError
from hdrgen.tiling import mean_by_strips
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import IMAGE, NO_CONTRAST, Stretched, stretched_by_strips

DARKEST = 1e-4  # log luminance is taken from here up, as in OpenCV


def reinhard2005(
    radiance: Values,
    *,
    intensity: float = 0.0,
    contrast: float | None = None,
    chromatic: float = 0.0,
    light: float = 0.8,
    gamma: float = 2.2,
) -> Values:
    r"""Compress with the photoreceptor model: :math:`V = C / (C + (e^{-f} I_a)^m)`.

    The adaptation level :math:`I_a = a\,(c\,C + (1-c)L) + (1-a)(c\,\bar C + (1-c)\bar L)` mixes pixel and image mean,
    channel and luma. Input and result are stretched to [0, 1], so that the scale of the radiance does not matter.
    The paper shows the photoreceptor's response as it is (`gamma=1`) and leaves the other numbers to the user; adapted
    to each pixel (`light=1`) it makes flat grey of more than ten stops, and saturated colours of their hues. The
    defaults were chosen by eye on stacks and panoramas of 5 to 20 stops; `hdrgen.configs` has those of each paper.
    This is OpenCV's `TonemapReinhard(gamma, intensity, light_adapt=light, color_adapt=chromatic)`, including its BT.601
    luma (the paper has BT.709). OpenCV cannot set the contrast.

    Args:
        radiance: Linear radiance, (..., 3, H, W); negative values are cut off.
        intensity: `f` in [-8, 8]; more is brighter.
        contrast: `m` in [0.3, 1], or None to take it from the image: :math:`0.3 + 0.7 k^{1.4}`, k its key.
        chromatic: `c` in [0, 1]; 1 adapts each channel by itself, which removes colour casts.
        light: `a` in [0, 1]; 1 adapts to each pixel, 0 to the image mean.
        gamma: Of a last power 1/gamma; 1 has none.

    Returns:
        Display values in [0, 1], (..., 3, H, W). An image that is constant, but for rounding to half floats, becomes
        mid-grey or its hue, a black one black.

    Raises:
        InputError: A parameter is out of its range.

    Source: Reinhard and Devlin, "Dynamic range reduction inspired by photoreceptor physiology", 2005, Eq. 1-10.

    >>> import torch
    >>> ramp = torch.tensor([0.0, 0.1, 1.0, 10.0]).expand(3, 1, 4)
    >>> [round(value, 3) for value in reinhard2005(ramp)[0, 0].tolist()]
    [0.0, 0.312, 0.677, 1.0]
    """
    _check(intensity, contrast, chromatic, light, gamma)
    size, image = radiance.shape[-2:], Stretched(radiance)
    luma = image.luma()
    m = _contrast(luma) if contrast is None else like(contrast, luma)
    average: Values | float = 0.0  # where nothing adapts to it, it is not needed
    if light < 1:
        average = (1 - chromatic) * namespace(luma).mean(luma, axis=IMAGE, keepdims=True)
        if chromatic:
            average = average + chromatic * mean_by_strips(image.rows, size)
    gain = math.exp(-intensity)
    tiny = float(namespace(luma).finfo(luma.dtype).tiny)

    def response(start: int, stop: int) -> Values:
        local = light * gain * luma[..., start:stop, :]
        if chromatic:
            local = (1 - chromatic) * local + (chromatic * light * gain) * image.rows(start, stop)
        # A power below 1 has an infinite slope at 0; the clamp keeps black pixels black and their gradient finite.
        adaptation = raised(at_least(local + (1 - light) * gain * average, 1e-10), m)
        above = image.above(start, stop)
        above /= above + at_least(adaptation * image.height, tiny)
        return above

    return stretched_by_strips(response, size, gamma)


@dataclass(frozen=True)
class Reinhard2005(Operator):
    """`reinhard2005` with its parameters.

    >>> import torch
    >>> ramp = torch.tensor([0.0, 0.1, 1.0, 10.0]).expand(3, 1, 4)
    >>> [round(value, 3) for value in Reinhard2005(intensity=1)(ramp)[0, 0].tolist()]
    [0.0, 0.354, 0.729, 1.0]
    """

    encoding: ClassVar[str] = "response of the eye, power 1/gamma"
    brighter: ClassVar[str] = "raise intensity"

    intensity: float = 0.0
    contrast: float | None = None
    chromatic: float = 0.0
    light: float = 0.8
    gamma: float = 2.2

    def __post_init__(self) -> None:
        _check(self.intensity, self.contrast, self.chromatic, self.light, self.gamma)

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        return reinhard2005(
            radiance,
            intensity=self.intensity,
            contrast=self.contrast,
            chromatic=self.chromatic,
            light=self.light,
            gamma=self.gamma,
        )


def _contrast(luma: Values) -> Values:
    """Contrast from the key: how far the mean log luma lies below the largest; the least contrast for flat images."""
    xp = namespace(luma)
    least, most = (xp.log(of(luma, IMAGE).clip(DARKEST)) for of in (smallest, largest))
    mean = mean_by_strips(lambda start, stop: xp.log(luma[..., start:stop, :].clip(DARKEST)), luma.shape[-2:])
    flat = most - least < NO_CONTRAST
    key = (most - mean) / xp.where(flat, xp.ones_like(most), most - least)
    contrast: Values = 0.3 + 0.7 * xp.where(flat, xp.zeros_like(key), key.clip(1e-6, 1)) ** 1.4
    return contrast


def _check(intensity: float, contrast: float | None, chromatic: float, light: float, gamma: float) -> None:
    ranges = {
        "intensity": (intensity, -8, 8),
        "contrast": (0.3 if contrast is None else contrast, 0.3, 1),
        "chromatic": (chromatic, 0, 1),
        "light": (light, 0, 1),
    }
    for name, (value, least, most) in ranges.items():
        if not least <= value <= most:
            raise InputError(f"reinhard2005: expected {name} from {least} to {most}, found {value}")
    if not 0 < gamma < math.inf:
        raise InputError(f"reinhard2005: expected a positive gamma, found {gamma}")

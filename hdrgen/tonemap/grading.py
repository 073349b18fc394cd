"""Saturation and contrast of a finished picture, on top of any operator."""

from collections.abc import Sequence
from dataclasses import dataclass

from hdrgen.array_kinds import Values, evaluated, for_both, largest, like, namespace, smallest
from hdrgen.camera import BT709_LUMINANCE, SRGB, power
from hdrgen.errors import InputError
from hdrgen.tiling import by_strips
from hdrgen.tonemap.operator import ToneMapper
from hdrgen.tonemap.planes import BLACK

GREY = 0.18
"""Light of middle grey, of the display's white, which contrast leaves where it is."""
SATURATIONS = (0.0, 4.0)
CONTRASTS = (0.25, 4.0)
_ROUNDING = 1e-6
"""What the luminance of white may lack; a low contrast would make a visible step of it."""


def graded(
    display: Values, *, saturation: float = 1.0, contrast: float = 1.0, luminance: Sequence[float] = BT709_LUMINANCE
) -> Values:
    r"""Give display values another contrast and saturation, both in the light of an sRGB display.

    Contrast is the slope of the tone curve at middle grey, as of a film's characteristic curve: so many stops of the
    picture for each stop. It is a straight line of the log-odds of luminance, :math:`\ln(Y/(1-Y))`, through 18 % grey,
    whose ends are black and white, so that nothing is clipped: :math:`Y' = k Y^c / (k Y^c + (1-Y)^c)`,
    :math:`k = (0.18/0.82)^{1-c}`. Colours keep their ratios. Saturation moves them to or from grey of their own
    luminance, :math:`C' = Y' + s (C - Y')`; 0 is a picture in black and white. Colours that the display does not have
    are drawn back to that grey as far as needed: luminance and hue stay what they were.

    Args:
        display: Display values in [0, 1] with the sRGB curve, (..., 3, H, W).
        saturation: `s`, 0 to 4; 1 leaves colours as they are.
        contrast: `c`, 1/4 to 4; 1 leaves tones as they are.
        luminance: Of linear red, green and blue; they add up to 1.

    Returns:
        Display values in [0, 1], (..., 3, H, W); `display` itself where both are 1.

    Raises:
        InputError: A number out of its range.

    Source: saturation: Mantiuk, Mantiuk, Tomaszewska and Heidrich, "Color correction for tone mapping", 2009, the
    formula that keeps luminance; colours out of range: Shirley, Robison and Morley, "A simple algorithm for managing
    color in global tone reproduction", 2011.

    >>> import torch
    >>> two = torch.tensor([[0.18, 0.36], [0.18, 0.36], [0.18, 0.36]]).view(3, 1, 2)
    >>> brighter = SRGB().inverse(graded(SRGB()(two), contrast=1.5))[0, 0]
    >>> [round(value, 3) for value in brighter.tolist()]
    [0.18, 0.474]
    """
    check_grading(saturation, contrast)
    if saturation == contrast == 1:
        return display
    weights = like(luminance, display).reshape(3, 1, 1)

    def rows_of(start: int, stop: int) -> Values:
        colour = SRGB().inverse(display[..., start:stop, :])
        grey = namespace(colour).sum(colour * weights, axis=-3, keepdims=True).clip(0, 1)
        toned = _toned(grey, contrast)
        # Black has no hue, and the ratio of two numbers near 0 is none
        colour = colour * (toned / grey.clip(BLACK))
        within: Values = _within(toned, saturation * (colour - toned))
        return SRGB()(within)

    return by_strips(rows_of, display.shape[-2:])


@dataclass(frozen=True)
class Graded:
    """An operator, and what `graded` makes of its pictures; a tone mapper like the operator itself.

    Attributes:
        operator: Maps radiance to display values.
        saturation: Of `graded`.
        contrast: Of `graded`.
        luminance: Of `graded`: of the primaries that the radiance is in.

    >>> import torch
    >>> from hdrgen.tonemap import MuLaw
    >>> red = torch.tensor([0.5, 0.0, 0.0]).view(3, 1, 1)
    >>> len(set(Graded(MuLaw(), saturation=0)(red).flatten().tolist()))
    1
    """

    operator: ToneMapper
    saturation: float = 1.0
    contrast: float = 1.0
    luminance: tuple[float, ...] = BT709_LUMINANCE

    def __post_init__(self) -> None:
        check_grading(self.saturation, self.contrast)

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        mapped: Values = evaluated(self.operator, radiance)
        return graded(mapped, saturation=self.saturation, contrast=self.contrast, luminance=self.luminance)


def check_grading(saturation: float, contrast: float) -> None:
    """Raise where there is no such picture.

    Raises:
        InputError: A number out of its range.
    """
    for name, value, (least, most) in (("saturation", saturation, SATURATIONS), ("contrast", contrast, CONTRASTS)):
        if not least <= value <= most:
            raise InputError(f"expected a {name} from {least:g} to {most:g}, found {value:g}", name)


def _toned(grey: Values, contrast: float) -> Values:
    if contrast == 1:
        return grey
    raised = power if contrast < 1 else pow  # a root has an infinite slope at 0, a power none
    bright = raised(grey, contrast) * (GREY / (1 - GREY)) ** (1 - contrast)
    dark = namespace(grey).where(grey > 1 - _ROUNDING, 0, 1 - grey)
    toned: Values = bright / (bright + raised(dark, contrast))
    return toned


def _within(grey: Values, chroma: Values) -> Values:
    """Grey and as much of what makes the colour as leaves every channel in [0, 1]."""
    most, least = largest(chroma, (-3,)), smallest(chroma, (-3,))
    share: Values = namespace(grey).minimum((1 - grey) / most.clip(BLACK), grey / (-least).clip(BLACK)).clip(max=1)
    found: Values = grey + share * chroma
    return found

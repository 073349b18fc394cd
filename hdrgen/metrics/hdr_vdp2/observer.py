"""Who looks, and how: the options of HDR-VDP 2.2 that are not about the display."""

from dataclasses import dataclass

from hdrgen.errors import InputError


@dataclass(frozen=True)
class Observer:
    """The observer; the defaults are the release's.

    Args:
        surround: Luminance around the image in cd/m2, in every channel; None: the geometric mean of the reference.
        peak_sensitivity: log10 of the highest contrast sensitivity. Higher sees more.
        rod_sensitivity: log10 of a factor on the sensitivity of the rods.
        optics: Scatter of light in the eye.
        masking: Contrast that hides contrast.
        spatial_pooling: Whether visible differences add up over the image, in `p_map`, `p_det` and `c_max`.

    Raises:
        InputError: If `surround` is negative.
    """

    surround: float | None = 1e-5
    peak_sensitivity: float = 2.4
    rod_sensitivity: float = 0.0
    optics: bool = True
    masking: bool = True
    spatial_pooling: bool = True

    def __post_init__(self) -> None:
        if self.surround is not None and self.surround < 0:
            raise InputError(f"expected a surround of at least 0 cd/m2, or None, found {self.surround}")

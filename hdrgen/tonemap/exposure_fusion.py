"""Radiance shown by exposure fusion: photographed anew at several exposures, which are blended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np

from hdrgen.array_kinds import Values, for_both, in_floats, is_numpy, is_on_cpu, largest, namespace, within_unit
from hdrgen.camera import luminance_of, power
from hdrgen.errors import InputError
from hdrgen.fusion import Mertens, fuse
from hdrgen.tiling import by_strips, heap_kept, value_at
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import IMAGE, as_radiance, radiance_rows

GAMMA = 2.2
MIDDLE = 0.18
"""Radiance, of what reaches white, at which the median luminance is exposed at EV 0."""


@dataclass(frozen=True)
class ExposureFusion(Operator):
    """Expose radiance through gamma 2.2, its median luminance at middle grey, and fuse after Mertens et al. 2007.

    The stand-in for the tone mapper of Photomatix, whose *Contrast Optimizer* is closed: say so beside every number
    made with it.

    Args:
        ev: Exposures in stops.
        mertens: The fusion.

    >>> import torch
    >>> grey = torch.full((3, 16, 16), 7.0)
    >>> round(float(ExposureFusion(ev=(0.0,))(grey)[0, 0, 0]), 4)  # 0.18 ** (1 / 2.2)
    0.4587
    """

    encoding: ClassVar[str] = "power 1/2.2"
    brighter: ClassVar[str] = "raise the exposures"

    ev: Sequence[float] = (-2.0, -1.0, 0.0, 1.0, 2.0)
    mertens: Mertens = field(default_factory=Mertens)

    def __post_init__(self) -> None:
        if not self.ev:
            raise InputError("exposure fusion of radiance: expected an exposure or more, found none")

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1].

        On a CPU, NumPy fuses in less than half of the time.
        """
        if is_numpy(radiance) or radiance.requires_grad or not is_on_cpu(radiance):
            return self._fused(radiance)
        fused: Values = namespace(radiance).from_numpy(self._fused(in_floats(radiance).numpy()))
        return fused

    def _fused(self, radiance: Values) -> Values:
        size, median = radiance.shape[-2:], _median(radiance)
        brightest = as_radiance(largest(radiance, IMAGE))
        # A picture that is black for the most part is exposed for its brightest pixel.
        xp = namespace(median)
        level = xp.where(median > 0, median, brightest).clip(float(xp.finfo(median.dtype).tiny))
        encoded = by_strips(partial(_encoded, radiance, level), size)
        exposed = _exposures(encoded)
        # Each exposure is made when it is asked for: together they need gigabytes for a photograph.
        one = self.mertens
        with heap_kept():
            fused: Values = fuse(lambda: map(exposed, self.ev), one.contrast, one.saturation, one.exposure)
        return fused


def _median(radiance: Values) -> Values:
    """Of luminance, the lower of two, (..., 1, 1, 1)."""
    size = radiance.shape[-2:]
    luminance = by_strips(lambda start, stop: luminance_of(radiance_rows(radiance, start, stop)), size)
    values = luminance.reshape(-1, size[0] * size[1])
    return value_at(values, (values.shape[1] + 1) // 2).reshape((*radiance.shape[:-3], 1, 1, 1))


def _encoded(radiance: Values, level: Values, start: int, stop: int) -> Values:
    """Rows of radiance, `level` as middle grey, under the curve; not cut off."""
    return power(radiance_rows(radiance, start, stop) / level * MIDDLE, 1 / GAMMA)


def _exposures(encoded: Values) -> Callable[[float], Values]:
    """The exposure of so many stops: a gain of radiance is one of its power, and one power serves all exposures.

    Arrays of NumPy are overwritten by the next.
    """
    place: Any = np.empty_like(encoded) if is_numpy(encoded) else None

    def exposed(ev: float) -> Values:
        gain = 2 ** (ev / GAMMA)

        def rows_of(start: int, stop: int) -> Values:
            rows = encoded[..., start:stop, :]
            shown: Values = rows * gain if place is None else np.multiply(rows, gain, out=place[..., start:stop, :])
            display: Values = within_unit(shown)
            return display

        frame: Values = by_strips(rows_of, encoded.shape[-2:], place)
        return frame

    return exposed

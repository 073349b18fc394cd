"""Planes of an image, and how operators stretch them to the display's range."""

import math
from collections.abc import Callable, Sequence
from typing import Generic

from hdrgen.array_kinds import (
    Values,
    at_least,
    in_floats,
    in_order,
    is_on_cpu,
    largest,
    namespace,
    needs_gradient,
    smallest,
)
from hdrgen.camera import BT601_LUMA, power
from hdrgen.tiling import by_strips, value_at

IMAGE = (-3, -2, -1)
BLACK = 1e-12  # an image without a larger value is black; its square still is a number in float32
_FLAT = 1e-6  # a range below this part of the largest value is rounding
NO_CONTRAST = 2.0**-9
"""Radiance within this part of its largest value is no picture but rounding, of half floats by one step or two."""


def as_radiance(image: Values) -> Values:
    """float32, or float64 as it is, without negative values."""
    return in_floats(image).clip(0)


def radiance_rows(radiance: Values, start: int, stop: int) -> Values:
    """`as_radiance` of some rows, plane after plane in memory."""
    return in_order(as_radiance(radiance[..., start:stop, :]))


def stretch(image: Values) -> Values:
    """Stretch each image to [0, 1]; a constant one is only brought into the range.

    >>> import torch
    >>> stretch(torch.tensor([1.0, 2.0, 5.0]).expand(3, 1, 3))[0, 0].tolist()
    [0.0, 0.25, 1.0]
    """
    bottom, height = _limits(*_extremes(image))
    stretched: Values = (image - bottom) / height
    return stretched


def _extremes(image: Values) -> tuple[Values, Values]:
    """Least and largest value of each image `(..., C, H, W)`, (..., 1, 1, 1) each."""
    return smallest(image, IMAGE), largest(image, IMAGE)


def _limits(least: Values, most: Values, part: float = _FLAT) -> tuple[Values, Values]:
    """What `stretch` takes from an image with these extremes, and what it divides by; below `part` it is constant."""
    xp = namespace(least)
    flat = most - least <= part * xp.maximum(abs(least), abs(most))
    bottom = xp.where(flat, least.clip(max=0), least)
    return bottom, xp.where(flat, most.clip(1), most - least)


class Stretched(Generic[Values]):
    """`stretch(as_radiance(radiance))` by rows: the whole is never made.

    Attributes:
        height: (..., 1, 1, 1): what `above` is still to be divided by, where that can wait until it is one channel's.
    """

    def __init__(self, radiance: Values) -> None:
        self._radiance: Values = radiance
        least, most = _extremes(radiance)
        self._bottom: Values
        self.height: Values
        self._bottom, self.height = _limits(as_radiance(least), as_radiance(most), NO_CONTRAST)

    def above(self, start: int, stop: int) -> Values:
        """The rows from a start to before a stop, above the least value, (..., 3, h, W)."""
        rows: Values = in_floats(self._radiance[..., start:stop, :])
        return at_least(in_order(rows - self._bottom), 0)

    def rows(self, start: int, stop: int) -> Values:
        """Those rows in [0, 1]."""
        rows: Values = self.above(start, stop) / self.height
        return rows

    def luma(self) -> Values:
        """BT.601 luma of the whole, (..., 1, H, W), taken before stretching, which is then one channel's."""

        def rows_of(start: int, stop: int) -> Values:
            rows = self.above(start, stop)
            luma: Values
            luma, green, blue = (BT601_LUMA[index] * rows[..., index : index + 1, :, :] for index in range(3))
            luma += green
            luma += blue
            luma /= self.height
            return luma

        return by_strips(rows_of, self._radiance.shape[-2:])


def stretched_by_strips(rows_of: Callable[[int, int], Values], size: Sequence[int], gamma: float) -> Values:
    """`stretch`, then a power 1 / gamma, of an image (..., 3, H, W) that is put together from its rows.

    Args:
        rows_of: The rows from a start to before a stop, as for `by_strips`.
        size: H and W of the whole.
        gamma: 1 has no power.
    """
    extremes: list[tuple[Values, Values]] = []

    def measured_rows(start: int, stop: int) -> Values:
        rows = rows_of(start, stop)
        extremes.append(_extremes(rows))  # while they are in the processor's cache
        return rows

    image: Values = by_strips(measured_rows, size)
    least, most = (namespace(image).stack(each) for each in zip(*extremes, strict=True))
    bottom, height = _limits(smallest(least, (0,))[0], largest(most, (0,))[0], NO_CONTRAST)
    in_place = not needs_gradient(image)

    def display_of(start: int, stop: int) -> Values:
        rows: Values = image[..., start:stop, :]
        if not in_place:
            rows = (rows - bottom) / height
            return power(rows, 1 / gamma)
        rows -= bottom
        rows /= height
        return power(rows, 1 / gamma, out=rows)

    return by_strips(display_of, size, image if in_place else None)


def stretch_most(plane: Values, clip: float, middle: float) -> Values:
    """Stretch each plane to [0, 1] but for the shares `clip` of the darkest and of the brightest pixels, which clip.

    Args:
        plane: (..., 1, H, W).
        clip: From 0 to less than 1/2.
        middle: What becomes of the rest where it is constant.

    >>> import torch
    >>> stretch_most(torch.arange(1, 101.0).view(1, 1, 100), 0.1, 0.5)[0, 0, [0, 49, 99]].tolist()
    [0.0, 0.5, 1.0]
    """
    xp, values = namespace(plane), plane.reshape(-1, math.prod(plane.shape[-3:]))
    lower = max(1, round(clip * values.shape[-1]))
    upper = max(lower, round((1 - clip) * values.shape[-1]))
    low, high = (value_at(values, rank).reshape((*plane.shape[:-3], 1, 1, 1)) for rank in (lower, upper))
    flat = high - low <= _FLAT * xp.maximum(abs(low), abs(high))
    height = xp.where(flat, xp.ones_like(low), high - low)

    def rows_of(start: int, stop: int) -> Values:
        rows = plane[..., start:stop, :]
        display: Values = ((rows - low) / height).clip(0, 1)
        if is_on_cpu(flat) and not flat.any():
            return display
        beside = middle + in_floats(rows > high) * (1 - middle) - in_floats(rows < low) * middle
        found: Values = xp.where(flat, beside, display)
        return found

    return by_strips(rows_of, plane.shape[-2:])

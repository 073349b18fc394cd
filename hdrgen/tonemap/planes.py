"""Planes of an image, and how operators stretch them to the display's range."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from hdrgen.camera import BT601_LUMA, power
from hdrgen.tiling import by_strips, value_at

IMAGE = (-3, -2, -1)
BLACK = 1e-12  # an image without a larger value is black; its square still is a number in float32
_FLAT = 1e-6  # a range below this part of the largest value is rounding


def as_radiance(image: Tensor) -> Tensor:
    """float32, or float64 as it is, without negative values."""
    return _as_float(image).clamp_min(0)


def _as_float(image: Tensor) -> Tensor:
    return image if image.dtype == torch.float64 else image.float()


def stretch(image: Tensor) -> Tensor:
    """Stretch each image to [0, 1]; a constant one is only brought into the range.

    >>> stretch(torch.tensor([1.0, 2.0, 5.0]).expand(3, 1, 3))[0, 0].tolist()
    [0.0, 0.25, 1.0]
    """
    bottom, height = _limits(*_extremes(image))
    return (image - bottom) / height


def _extremes(image: Tensor) -> tuple[Tensor, Tensor]:
    """Least and largest value of each image `(..., C, H, W)`, (..., 1, 1, 1) each."""
    return image.amin(IMAGE, keepdim=True), image.amax(IMAGE, keepdim=True)


def _limits(least: Tensor, most: Tensor) -> tuple[Tensor, Tensor]:
    """What `stretch` takes from an image with these extremes, and what it divides by."""
    flat = most - least <= _FLAT * torch.maximum(least.abs(), most.abs())
    bottom = torch.where(flat, least.clamp_max(0), least)
    return bottom, torch.where(flat, most.clamp_min(1), most - least)


class Stretched:
    """`stretch(as_radiance(radiance))` by rows: the whole is never made.

    Attributes:
        height: (..., 1, 1, 1): what `above` is still to be divided by, where that can wait until it is one channel's.
    """

    def __init__(self, radiance: Tensor) -> None:
        self._radiance = radiance
        self._bottom, self.height = _limits(*map(as_radiance, _extremes(radiance)))

    def above(self, start: int, stop: int) -> Tensor:
        """The rows from a start to before a stop, above the least value, (..., 3, h, W)."""
        return _as_float(self._radiance[..., start:stop, :]).sub(self._bottom).clamp_min_(0)

    def rows(self, start: int, stop: int) -> Tensor:
        """Those rows in [0, 1]."""
        return self.above(start, stop) / self.height

    def luma(self) -> Tensor:
        """BT.601 luma of the whole, (..., 1, H, W), taken before stretching, which is then one channel's."""

        def rows_of(start: int, stop: int) -> Tensor:
            rows = self.above(start, stop)
            red, green, blue = (rows[..., index : index + 1, :, :] for index in range(3))
            luma = (BT601_LUMA[0] * red).add_(green, alpha=BT601_LUMA[1]).add_(blue, alpha=BT601_LUMA[2])
            return luma.div_(self.height)

        return by_strips(rows_of, self._radiance.shape[-2:])


def stretched_by_strips(rows_of: Callable[[int, int], Tensor], size: Sequence[int], gamma: float) -> Tensor:
    """`stretch`, then a power 1 / gamma, of an image (..., 3, H, W) that is put together from its rows.

    Args:
        rows_of: The rows from a start to before a stop, as for `by_strips`.
        size: H and W of the whole.
        gamma: 1 has no power.
    """
    extremes: list[tuple[Tensor, Tensor]] = []

    def measured_rows(start: int, stop: int) -> Tensor:
        rows = rows_of(start, stop)
        extremes.append(_extremes(rows))  # while they are in the processor's cache
        return rows

    image = by_strips(measured_rows, size)
    least, most = (torch.stack(each) for each in zip(*extremes, strict=True))
    bottom, height = _limits(least.amin(0), most.amax(0))

    def display_of(start: int, stop: int) -> Tensor:
        rows = image[..., start:stop, :]
        rows = rows - bottom if rows.requires_grad else rows.sub_(bottom)
        return power(rows.div_(height), 1 / gamma, out=None if rows.requires_grad else rows)

    return by_strips(display_of, size, None if image.requires_grad else image)


def stretch_most(plane: Tensor, clip: float, middle: float) -> Tensor:
    """Stretch each plane to [0, 1] but for the shares `clip` of the darkest and of the brightest pixels, which clip.

    Args:
        plane: (..., 1, H, W).
        clip: From 0 to less than 1/2.
        middle: What becomes of the rest where it is constant.

    >>> stretch_most(torch.arange(1, 101.0).view(1, 1, 100), 0.1, 0.5)[0, 0, [0, 49, 99]].tolist()
    [0.0, 0.5, 1.0]
    """
    values = plane.reshape(-1, plane.shape[-3:].numel())
    lower = max(1, round(clip * values.shape[-1]))
    upper = max(lower, round((1 - clip) * values.shape[-1]))
    low, high = (value_at(values, rank).view(*plane.shape[:-3], 1, 1, 1) for rank in (lower, upper))
    flat = high - low <= _FLAT * torch.maximum(low.abs(), high.abs())
    height = torch.where(flat, torch.ones_like(low), high - low)

    def rows_of(start: int, stop: int) -> Tensor:
        rows = plane[..., start:stop, :]
        beside = middle + (rows > high) * (1 - middle) - (rows < low) * middle
        return torch.where(flat, beside, ((rows - low) / height).clamp(0, 1))

    return by_strips(rows_of, plane.shape[-2:])

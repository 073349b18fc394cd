"""Planes of an image, and how operators stretch them to the display's range."""

from collections.abc import Callable

import torch
from torch import Tensor

from hdrgen.tiling import by_strips, value_at

IMAGE = (-3, -2, -1)
BLACK = 1e-12  # an image without a larger value is black; its square still is a number in float32
_FLAT = 1e-6  # a range below this part of the largest value is rounding


def as_radiance(image: Tensor) -> Tensor:
    """float32, or float64 as it is, without negative values."""
    return (image if image.dtype == torch.float64 else image.float()).clamp_min(0)


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


def stretched_rows(radiance: Tensor) -> Callable[[int, int], Tensor]:
    """The rows of `stretch(as_radiance(radiance))` from a start to before a stop; the whole is never made."""
    bottom, height = _limits(*map(as_radiance, _extremes(radiance)))
    return lambda start, stop: (as_radiance(radiance[..., start:stop, :]) - bottom) / height


def stretched_in_place(image: Tensor, encode: Callable[[Tensor], Tensor]) -> Tensor:
    """`stretch`, then `encode`, some rows at a time; overwrites `image` unless gradients are asked for."""
    bottom, height = _limits(*_extremes(image))

    def rows_of(start: int, stop: int) -> Tensor:
        return encode((image[..., start:stop, :] - bottom) / height)

    return by_strips(rows_of, image.shape[-2:], None if image.requires_grad else image)


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
    stretched = ((plane - low) / torch.where(flat, torch.ones_like(low), high - low)).clamp(0, 1)
    return torch.where(flat, middle + (plane > high) * (1 - middle) - (plane < low) * middle, stretched)

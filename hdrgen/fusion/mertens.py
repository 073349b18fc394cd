"""Exposure fusion: the best parts of a stack blended into one display image, without an HDR image in between."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from operator import mul
from typing import Generic

import numpy as np

from hdrgen.array_kinds import Values, in_floats, is_numpy, namespace, needs_gradient, within_unit
from hdrgen.camera import BT601_LUMA
from hdrgen.errors import InputError
from hdrgen.fusion.pyramid import pyramid_down, pyramid_up, pyramid_up_rows, reflected
from hdrgen.tiling import by_strips

SPREAD = 0.2  # standard deviation of well-exposedness around mid-grey, in display values
KEPT = 2**28  # bytes of weights that are kept for the second time that they are asked for
LEAST_WEIGHT = 1e-12  # OpenCV's: where no frame has contrast or colour, all count the same

Frames = Callable[[], Iterable[Values]]
"""Hands out frames (..., 3, H, W), which may be made one by one."""


@dataclass(frozen=True)
class Mertens:
    """`merge_mertens` with its parameters, for configurations.

    The stand-in for Photomatix, whose merge and *Contrast Optimizer* preset are closed: say so beside every number
    made with it.

    >>> import torch
    >>> stack = torch.stack([torch.full((3, 8, 8), value) for value in (0.1, 0.5, 0.9)])
    >>> round(float(Mertens()(stack)[0, 0, 0]), 4)
    0.5
    """

    contrast: float = 1.0
    saturation: float = 1.0
    exposure: float = 1.0

    def __post_init__(self) -> None:
        _check(self.contrast, self.saturation, self.exposure)

    def __call__(self, stack: Values) -> Values:
        """(..., S, 3, H, W) to (..., 3, H, W)."""
        return merge_mertens(stack, contrast=self.contrast, saturation=self.saturation, exposure=self.exposure)


def merge_mertens(stack: Values, *, contrast: float = 1.0, saturation: float = 1.0, exposure: float = 1.0) -> Values:
    r"""Blend exposures by how well each shows the scene, band by band of a Laplacian pyramid.

    Each pixel of frame k weighs :math:`W_k = C^{w_C} S^{w_S} E^{w_E}`: contrast, the absolute Laplacian of its luma;
    saturation, the spread of its channels; and well-exposedness
    :math:`\prod_c \exp(-(z_c - 1/2)^2 / 2\sigma^2)`, :math:`\sigma = 0.2`. Weights are normalised over the frames,
    and level l of the result is :math:`\sum_k G_l(W_k)\,L_l(Z_k)` with Gaussian and Laplacian pyramids down to two or
    three pixels. No exposure values are needed, and the result is display-encoded as the frames are.

    This is OpenCV's `MergeMertens(contrast, saturation, exposure)`, with its borders, pyramid depth and BT.601 luma,
    clipped to [0, 1]. Its default for `exposure` is 0; the paper and this function have 1.

    Args:
        stack: Display values in [0, 1], (..., S, 3, H, W), frames in any order; half precision computes in float32.
        contrast: Exponent of contrast, 0 leaves it out.
        saturation: Exponent of saturation.
        exposure: Exponent of well-exposedness.

    Returns:
        Display values in [0, 1], (..., 3, H, W). Differentiable.

    Raises:
        InputError: A negative exponent, or no stack of RGB frames.

    Source: Mertens, Kautz and Van Reeth, "Exposure fusion", 2007, Eq. 1-3.

    >>> import torch
    >>> stack = torch.rand(2, 3, 3, 20, 31, generator=torch.Generator().manual_seed(0))
    >>> tuple(merge_mertens(stack).shape)
    (2, 3, 20, 31)
    """
    if stack.ndim < 4 or stack.shape[-3] != 3 or 0 in stack.shape:
        raise InputError(f"exposure fusion: expected a stack (..., S, 3, H, W), found shape {tuple(stack.shape)}")
    frames = namespace(stack).moveaxis(stack, -4, 0)
    return fuse(lambda: frames, contrast, saturation, exposure)


def fuse(frames: Frames[Values], contrast: float, saturation: float, exposure: float) -> Values:
    """`merge_mertens` of frames (..., 3, H, W), one after the other. Memory is that of a few, however many.

    Args:
        frames: Called twice, for all frames; they need not be held.
        contrast: As for `merge_mertens`.
        saturation: As for `merge_mertens`.
        exposure: As for `merge_mertens`.

    Raises:
        InputError: A negative exponent.
    """
    _check(contrast, saturation, exposure)
    weigh = partial(_weights, contrast=contrast, saturation=saturation, exposure=exposure)
    total, kept = _total(weigh(in_floats(frame)) for frame in frames())
    fused: list[_Bands[Values]] = [_Bands() for _ in range(3)]
    for index, frame in enumerate(map(in_floats, frames())):
        weights = _smaller((kept.pop(index) if index in kept else weigh(frame)) / total)
        for bands, channel in zip(fused, _channels(frame), strict=True):
            bands.add(channel, weights)
    together = namespace(total).concatenate([bands.collapsed() for bands in fused], -3)
    return within_unit(together)


def _total(weights: Iterable[Values]) -> tuple[Values, dict[int, Values]]:
    """The sum of the weights of all frames, and those of the first ones, up to `KEPT`; others are worked out again."""
    total: Values | None = None
    kept, room = dict[int, Values](), KEPT
    for index, weight in enumerate(weights):
        if total is None:
            total = weight * 1
        elif needs_gradient(weight):
            total = total + weight
        else:
            total += weight
        room -= weight.nbytes
        if room >= 0:
            kept[index] = weight
    assert total is not None
    return total, kept


class _Bands(Generic[Values]):
    """The sum of weighted Laplacian pyramids, fine to coarse, of one channel: three need thrice the memory."""

    def __init__(self) -> None:
        self.levels: list[Values] = []

    def add(self, image: Values, weights: Sequence[Values]) -> None:
        """The pyramid of an image (..., 1, H, W), times the levels of its weight's Gaussian pyramid."""
        first = not self.levels
        for level, weight in enumerate(weights):
            coarser = pyramid_down(image) if level < len(weights) - 1 else None
            if first:
                self.levels.append(_weighted_band(image, coarser, weight))
            else:
                self.levels[level] = _weighted_band(image, coarser, weight, self.levels[level])
            image = image if coarser is None else coarser

    def collapsed(self) -> Values:
        """The image of the pyramid, which is used up."""
        image = self.levels.pop()
        while self.levels:
            band = self.levels.pop()
            image = pyramid_up(image, band.shape[-2:])
            image += band
        return image


def _weighted_band(image: Values, coarser: Values | None, weight: Values, others: Values | None = None) -> Values:
    """What a level of the Laplacian pyramid has beyond the next, times its weight, added to that of other frames."""
    if coarser is None:
        return image * weight if others is None else image * weight + others
    size = image.shape[-2:]

    def rows(start: int, stop: int) -> Values:
        band = image[..., start:stop, :] - pyramid_up_rows(coarser, size, start, stop)
        band *= weight[..., start:stop, :]
        if others is not None:
            band += others[..., start:stop, :]
        return band

    return by_strips(rows, image.shape[-2:], others)


def _smaller(weight: Values) -> list[Values]:
    """The Gaussian pyramid down to two or three pixels."""
    levels = [weight]
    for _ in range(int(math.log2(min(weight.shape[-2:])))):
        levels.append(pyramid_down(levels[-1]))
    return levels


def _weights(frame: Values, contrast: float, saturation: float, exposure: float) -> Values:
    """Weight of every pixel, (..., 3, H, W) to (..., 1, H, W)."""

    def rows(start: int, stop: int) -> Values:
        above = max(0, start - 1)  # the Laplacian sees a row further
        weights = _weights_of_rows(frame[..., above : stop + 1, :], contrast, saturation, exposure)
        return weights[..., start - above : stop - above, :]

    return by_strips(rows, frame.shape[-2:])


def _weights_of_rows(frame: Values, contrast: float, saturation: float, exposure: float) -> Values:
    xp, factors = namespace(frame), []
    if contrast:
        factors.append(_power(abs(_laplacian(_luma(frame))), contrast))
    if saturation:
        factors.append(_power(_spread(frame), saturation / 2))
    if exposure:
        distance = _over_channels(frame, lambda channel: _squared(channel - 0.5))
        factors.append(xp.exp(distance * (-exposure / (2 * SPREAD**2))))
    return reduce(mul, factors or [xp.ones_like(frame[..., :1, :, :])]) + LEAST_WEIGHT


def _spread(frame: Values) -> Values:
    """Sum of the squared deviations of the channels from their mean, by their differences: of grey exactly 0.

    A mean is rounded, and what grey differs from it by would choose the exposure where none has contrast.
    """
    red, green, blue = _channels(frame)
    spread = _squared(red - green)
    spread += _squared(green - blue)
    spread += _squared(blue - red)
    spread /= 3
    return spread


def _squared(values: Values) -> Values:
    return values * values


def _power(x: Values, exponent: float) -> Values:
    """A positive power; at 0, where the slope of powers below 1 is infinite, the gradient is 0."""
    if exponent == 1:
        return x
    if is_numpy(x):
        return np.sqrt(x) if exponent == 0.5 else x**exponent
    if not x.requires_grad:
        return x.pow(exponent)
    where, positive = namespace(x).where, x > 0
    powers: Values = where(positive, where(positive, x, 1) ** exponent, 0)
    return powers


def _luma(frame: Values) -> Values:
    red, green, blue = (weight * channel for weight, channel in zip(BT601_LUMA, _channels(frame), strict=True))
    red += green
    red += blue
    return red


def _channels(frame: Values) -> Iterator[Values]:
    return (frame[..., index : index + 1, :, :] for index in range(3))


def _over_channels(frame: Values, part: Callable[[Values], Values]) -> Values:
    """The sum of a part of every channel, one after the other."""
    first, second, third = map(part, _channels(frame))
    first += second
    first += third
    return first


def _laplacian(image: Values) -> Values:
    """Sum of the four neighbours less four times the pixel, mirrored about the edge pixels."""
    rows, columns = reflected(image, -2, 1), reflected(image, -1, 1)
    # In OpenCV's order, and so to the last bit: where no frame has contrast, rounding errors decide.
    total = rows[..., :-2, :] + columns[..., :-2]
    total -= 4 * image
    total += columns[..., 2:]
    total += rows[..., 2:, :]
    return total


def _check(contrast: float, saturation: float, exposure: float) -> None:
    for name, value in {"contrast": contrast, "saturation": saturation, "exposure": exposure}.items():
        if not (value >= 0 and math.isfinite(value)):
            raise InputError(f"exposure fusion: expected a {name} exponent of 0 or more, found {value}")

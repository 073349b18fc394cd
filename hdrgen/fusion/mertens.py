"""Exposure fusion: the best parts of a stack blended into one display image, without an HDR image in between."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce

import torch
from torch import Tensor

from hdrgen.camera import BT601_LUMA
from hdrgen.errors import InputError
from hdrgen.fusion.pyramid import pyramid_down, pyramid_up, pyramid_up_rows, reflected
from hdrgen.tiling import by_strips

SPREAD = 0.2  # standard deviation of well-exposedness around mid-grey, in display values
KEPT = 2**28  # bytes of weights that are kept for the second time that they are asked for
LEAST_WEIGHT = 1e-12  # OpenCV's: where no frame has contrast or colour, all count the same

Frames = Callable[[], Iterable[Tensor]]
"""Hands out frames (..., 3, H, W), which may be made one by one."""


@dataclass(frozen=True)
class Mertens:
    """`merge_mertens` with its parameters, for configurations.

    The stand-in for Photomatix, whose merge and *Contrast Optimizer* preset are closed: say so beside every number
    made with it.

    >>> stack = torch.stack([torch.full((3, 8, 8), value) for value in (0.1, 0.5, 0.9)])
    >>> round(float(Mertens()(stack)[0, 0, 0]), 4)
    0.5
    """

    contrast: float = 1.0
    saturation: float = 1.0
    exposure: float = 1.0

    def __post_init__(self) -> None:
        _check(self.contrast, self.saturation, self.exposure)

    def __call__(self, stack: Tensor) -> Tensor:
        """(..., S, 3, H, W) to (..., 3, H, W)."""
        return merge_mertens(stack, contrast=self.contrast, saturation=self.saturation, exposure=self.exposure)


def merge_mertens(stack: Tensor, *, contrast: float = 1.0, saturation: float = 1.0, exposure: float = 1.0) -> Tensor:
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

    >>> stack = torch.rand(2, 3, 3, 20, 31, generator=torch.Generator().manual_seed(0))
    >>> tuple(merge_mertens(stack).shape)
    (2, 3, 20, 31)
    """
    if stack.ndim < 4 or stack.shape[-3] != 3 or not stack.numel():
        raise InputError(f"exposure fusion: expected a stack (..., S, 3, H, W), found shape {tuple(stack.shape)}")
    return fuse(lambda: stack.unbind(-4), contrast, saturation, exposure)


def fuse(frames: Frames, contrast: float, saturation: float, exposure: float) -> Tensor:
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
    total, kept = _total(weigh(_promoted(frame)) for frame in frames())
    fused = [_Bands() for _ in range(3)]
    for index, frame in enumerate(map(_promoted, frames())):
        weights = _smaller((kept.pop(index) if index in kept else weigh(frame)) / total)
        for bands, channel in zip(fused, _channels(frame), strict=True):
            bands.add(channel, weights)
    return torch.cat([bands.collapsed() for bands in fused], -3).clamp_(0, 1)


def _total(weights: Iterable[Tensor]) -> tuple[Tensor, dict[int, Tensor]]:
    """The sum of the weights of all frames, and those of the first ones, up to `KEPT`; others are worked out again."""
    total, kept, room = None, dict[int, Tensor](), KEPT
    for index, weight in enumerate(weights):
        total = weight.clone() if total is None else total + weight if weight.requires_grad else total.add_(weight)
        room -= weight.nbytes
        if room >= 0:
            kept[index] = weight
    assert total is not None
    return total, kept


class _Bands:
    """The sum of weighted Laplacian pyramids, fine to coarse, of one channel: three need thrice the memory."""

    def __init__(self) -> None:
        self.levels: list[Tensor] = []

    def add(self, image: Tensor, weights: Sequence[Tensor]) -> None:
        """The pyramid of an image (..., 1, H, W), times the levels of its weight's Gaussian pyramid."""
        first = not self.levels
        for level, weight in enumerate(weights):
            coarser = pyramid_down(image) if level < len(weights) - 1 else None
            if first:
                self.levels.append(_weighted_band(image, coarser, weight))
            else:
                self.levels[level] = _weighted_band(image, coarser, weight, self.levels[level])
            image = image if coarser is None else coarser

    def collapsed(self) -> Tensor:
        """The image of the pyramid, which is used up."""
        image = self.levels.pop()
        while self.levels:
            band = self.levels.pop()
            image = pyramid_up(image, band.shape[-2:]).add_(band)
        return image


def _weighted_band(image: Tensor, coarser: Tensor | None, weight: Tensor, others: Tensor | None = None) -> Tensor:
    """What a level of the Laplacian pyramid has beyond the next, times its weight, added to that of other frames."""
    if coarser is None:
        return image * weight if others is None else image * weight + others
    enlarged = partial(pyramid_up_rows, coarser, image.shape[-2:])

    def rows(start: int, stop: int) -> Tensor:
        band = (image[..., start:stop, :] - enlarged(start, stop)).mul_(weight[..., start:stop, :])
        return band if others is None else band.add_(others[..., start:stop, :])

    return by_strips(rows, image.shape[-2:], others)


def _smaller(weight: Tensor) -> list[Tensor]:
    """The Gaussian pyramid down to two or three pixels."""
    levels = [weight]
    for _ in range(int(math.log2(min(weight.shape[-2:])))):
        levels.append(pyramid_down(levels[-1]))
    return levels


def _promoted(frame: Tensor) -> Tensor:
    return frame if frame.dtype == torch.float64 else frame.float()


def _weights(frame: Tensor, contrast: float, saturation: float, exposure: float) -> Tensor:
    """Weight of every pixel, (..., 3, H, W) to (..., 1, H, W)."""

    def rows(start: int, stop: int) -> Tensor:
        above = max(0, start - 1)  # the Laplacian sees a row further
        weights = _weights_of_rows(frame[..., above : stop + 1, :], contrast, saturation, exposure)
        return weights[..., start - above : stop - above, :]

    return by_strips(rows, frame.shape[-2:])


def _weights_of_rows(frame: Tensor, contrast: float, saturation: float, exposure: float) -> Tensor:
    factors = []
    if contrast:
        factors.append(_power(_laplacian(_luma(frame)).abs(), contrast))
    if saturation:
        mean = _over_channels(frame, lambda channel: channel * 1).div_(3)
        spread = _over_channels(frame, lambda channel: (channel - mean).square())
        factors.append(_power(spread, saturation / 2))
    if exposure:
        distance = _over_channels(frame, lambda channel: (channel - 0.5).square())
        factors.append((distance * (-exposure / (2 * SPREAD**2))).exp())
    return reduce(torch.mul, factors or [torch.ones_like(frame[..., :1, :, :])]) + LEAST_WEIGHT


def _power(x: Tensor, exponent: float) -> Tensor:
    """A positive power; at 0, where the slope of powers below 1 is infinite, the gradient is 0."""
    if exponent == 1:
        return x
    if not x.requires_grad:
        return x.pow(exponent)
    positive = x > 0
    return torch.where(positive, torch.where(positive, x, torch.ones_like(x)) ** exponent, torch.zeros_like(x))


def _luma(frame: Tensor) -> Tensor:
    red, green, blue = (weight * channel for weight, channel in zip(BT601_LUMA, _channels(frame), strict=True))
    return red.add_(green).add_(blue)


def _channels(frame: Tensor) -> Iterator[Tensor]:
    return (frame[..., index : index + 1, :, :] for index in range(3))


def _over_channels(frame: Tensor, part: Callable[[Tensor], Tensor]) -> Tensor:
    """The sum of a part of every channel, one after the other."""
    first, *others = map(part, _channels(frame))
    return first.add_(others[0]).add_(others[1])


def _laplacian(image: Tensor) -> Tensor:
    """Sum of the four neighbours less four times the pixel, mirrored about the edge pixels."""
    rows, columns = reflected(image, -2, 1), reflected(image, -1, 1)
    # In OpenCV's order, and so to the last bit: where no frame has contrast, rounding errors decide.
    return (rows[..., :-2, :] + columns[..., :-2]).sub_(4 * image).add_(columns[..., 2:]).add_(rows[..., 2:, :])


def _check(contrast: float, saturation: float, exposure: float) -> None:
    for name, value in {"contrast": contrast, "saturation": saturation, "exposure": exposure}.items():
        if not (value >= 0 and math.isfinite(value)):
            raise InputError(f"exposure fusion: expected a {name} exponent of 0 or more, found {value}")

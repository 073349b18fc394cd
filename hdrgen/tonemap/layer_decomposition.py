"""Tone mapping by layers: detail, texture and a compressed base."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from hdrgen.array_kinds import Values, for_both, is_numpy
from hdrgen.camera import raised
from hdrgen.errors import InputError
from hdrgen.tiling import by_strips, heap_kept
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import IMAGE, radiance_rows, stretch, stretch_most

if TYPE_CHECKING:
    from torch import Tensor

OFFSET = 1e-4  # radiance added in the logarithm
COARSER = 4  # the second decomposition works at this part of the size
CLIP = 0.005  # share of pixels that clip to black, and to white
_FINE_EXPONENT = 0.8  # lifts small details over large ones
_BLACK = 1e-8


class Layers(NamedTuple):
    """An image as the sum of its layers, each (..., 1, H, W)."""

    fine: Tensor
    texture: Tensor
    base: Tensor


def layer_decomposition(
    radiance: Tensor,
    *,
    lambda1: float = 0.3,
    lambda2: float = 0.003,
    lambda3: float = 0.1,
    gamma: float = 2.2,
    base: float = 0.8,
    detail: float = 1.2,
    saturation: float = 0.6,
) -> Tensor:
    r"""Split the logarithm of the brightest channel into three layers, compress the base, and enhance the detail.

    :math:`V' = 0.8\,B^{1/\gamma} + D_2 + 1.2\,\sigma (|D_1|/\sigma)^{0.8} \mathrm{sign} D_1`, stretched to [0, 1]
    but for half a percent of the pixels at either end; :math:`\sigma = \max D_1`. The layers are those of
    `decompose`. The colours follow the value of HSV with hue kept and saturation times 0.6. The result is a
    display value; there is no gamma to apply.

    As in the authors' public code, which is where the paper is silent: 15 iterations with rho times 4, 10 with rho
    times 2 for the base, the joint bilateral filter's widths of a hundredth of the image's smaller side and 0.05.

    In float32 the hard threshold of the L0 norm falls the other way at single pixels, and the result is up to 0.01 from
    that in float64 near them; in photographs, 999 of 1000 pixels are within 2e-4.

    The scale of the radiance matters where it is not far above 1e-4, which is added in the logarithm.

    Args:
        radiance: Linear radiance, (..., 3, H, W), 1 being white at EV 0; negative values are cut off.
        lambda1: Of the L1 norm on the gradients of the first base; more is smoother.
        lambda2: Of the L0 norm on the gradients of the finest detail; more is flatter between its edges.
        lambda3: Of the L1 norm on the gradients of the second base.
        gamma: Compression of the base.
        base: What the compressed base is multiplied by.
        detail: What the finest detail is multiplied by; 1 and above enhances it.
        saturation: Of the colours.

    Returns:
        Display values in [0, 1], (..., 3, H, W). A constant image becomes mid-grey or its hue, a black one black.

    Raises:
        InputError: A parameter is out of its range.

    Source: Liang, Xu, Zhang, Cao and Zhang, "A hybrid l1-l0 layer decomposition model for tone mapping", 2018,
    Eq. 1-15.

    >>> import torch
    >>> ramp = torch.tensor([0.01, 0.1, 1.0, 10.0]).expand(3, 4, 4)
    >>> [round(value, 3) for value in layer_decomposition(ramp)[0, 0].tolist()]
    [0.0, 0.307, 0.692, 1.0]
    """
    import torch

    _check(lambda1, lambda2, lambda3, gamma, base, detail, saturation)
    size = radiance.shape[-2:]

    def brightest_of(start: int, stop: int) -> Tensor:
        return radiance_rows(radiance, start, stop).amax(-3, keepdim=True)

    plane = stretch(by_strips(lambda start, stop: (brightest_of(start, stop) + OFFSET).log(), size))
    layers = decompose(plane, lambda1, lambda2, lambda3)
    largest = layers.fine.amax(IMAGE, keepdim=True).clamp_min(_BLACK)

    def together(start: int, stop: int) -> Tensor:
        fine, texture, smooth = (layer[..., start:stop, :] for layer in layers)
        compressed = raised(smooth.clamp_min(_BLACK), 1 / gamma)
        return base * compressed + texture + detail * _lifted(fine, largest)

    mapped = stretch_most(by_strips(together, size), CLIP, 0.5)

    def coloured(start: int, stop: int) -> Tensor:
        rows = radiance_rows(radiance, start, stop)
        brightest = rows.amax(-3, keepdim=True)
        shown = mapped[..., start:stop, :]
        grey = shown * torch.where(brightest > 0, 1 - saturation, 0.0)
        return torch.addcmul(grey, rows, shown * (saturation / brightest.clamp_min(_BLACK))).clamp(0, 1)

    return by_strips(coloured, size)


def decompose(plane: Tensor, lambda1: float = 0.3, lambda2: float = 0.003, lambda3: float = 0.1) -> Layers:
    r"""Fine detail, texture and base of a plane (..., 1, H, W) with values in [0, 1].

    The first base minimises :math:`\frac12\|S-B_1\|^2 + \lambda_1\|\nabla B_1\|_1 + \lambda_2\|\nabla(S - B_1)\|_0`,
    the second :math:`\frac12\|B_1-B_2\|^2 + \lambda_3\|\nabla B_2\|_1` at a quarter of the size, brought back by a
    bilateral filter along the edges of the first.

    >>> import torch
    >>> plane = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0))
    >>> layers = decompose(plane)
    >>> bool(torch.allclose(layers.fine + layers.texture + layers.base, plane))
    True
    """
    from hdrgen.tonemap.gradient_penalties import SmallBase, SparseDetail, base_layer

    first = base_layer(plane, [SmallBase(lambda1), SparseDetail(lambda2)], iterations=15, growth=4)
    second = _coarse_base(first, lambda3)
    return Layers(plane - first, first - second, second)


def _coarse_base(plane: Tensor, lambda3: float) -> Tensor:
    from torch.nn import functional

    from hdrgen.tonemap.bilateral_grid import joint_bilateral
    from hdrgen.tonemap.gradient_penalties import SmallBase, base_layer

    size = plane.shape[-2:]
    planes = plane.reshape(-1, 1, *size)
    small = [max(1, round(length / COARSER)) for length in size]
    coarse = functional.interpolate(planes, small, mode="bilinear", antialias=True)
    smooth = base_layer(coarse, [SmallBase(lambda3)], iterations=10, growth=2)
    enlarged = functional.interpolate(smooth, size, mode="bilinear").reshape(plane.shape)
    return joint_bilateral(enlarged, stretch(plane), sigma_space=min(size) / 100, sigma_range=0.05)


def _lifted(fine: Tensor, largest: Tensor) -> Tensor:
    """Small details raised by a power below 1, up to the largest positive one; larger ones as they are."""
    part = fine.abs() / largest
    # Within a millionth of 0 the power goes on straight, since its slope is infinite there.
    return fine * raised(part.clamp(1e-6, 1), _FINE_EXPONENT - 1)


@dataclass(frozen=True)
class LayerDecomposition(Operator):
    """`layer_decomposition` with its parameters.

    >>> import torch
    >>> ramp = torch.tensor([0.01, 0.1, 1.0, 10.0]).expand(3, 4, 4)
    >>> round(float(LayerDecomposition(lambda3=0.05)(ramp)[0, 0, 1]), 3)
    0.307
    """

    encoding: ClassVar[str] = "its own, for display as it is"
    adapts: ClassVar[bool] = False
    brighter: ClassVar[str] = "raise gamma"

    lambda1: float = 0.3
    lambda2: float = 0.003
    lambda3: float = 0.1
    gamma: float = 2.2
    base: float = 0.8
    detail: float = 1.2
    saturation: float = 0.6

    def __post_init__(self) -> None:
        _check(self.lambda1, self.lambda2, self.lambda3, self.gamma, self.base, self.detail, self.saturation)

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]; an array is not copied for it."""
        if not is_numpy(radiance):
            mapped: Values = self._mapped(radiance)
            return mapped
        import torch

        kept = radiance.flags.writeable and min(radiance.strides) > 0
        with torch.inference_mode(), heap_kept():
            return self._mapped(torch.from_numpy(radiance if kept else radiance.copy())).numpy()

    def _mapped(self, radiance: Tensor) -> Tensor:
        return layer_decomposition(
            radiance,
            lambda1=self.lambda1,
            lambda2=self.lambda2,
            lambda3=self.lambda3,
            gamma=self.gamma,
            base=self.base,
            detail=self.detail,
            saturation=self.saturation,
        )


def _check(
    lambda1: float, lambda2: float, lambda3: float, gamma: float, base: float, detail: float, saturation: float
) -> None:
    positive = {"lambda1": lambda1, "lambda2": lambda2, "lambda3": lambda3, "gamma": gamma}
    for name, value in positive.items():
        if not 0 < value < math.inf:
            raise InputError(f"layer_decomposition: expected a positive {name}, found {value}")
    for name, value in {"base": base, "detail": detail}.items():
        if not 0 <= value < math.inf:
            raise InputError(f"layer_decomposition: expected a {name} of 0 or more, found {value}")
    if not 0 <= saturation <= 1:
        raise InputError(f"layer_decomposition: expected a saturation from 0 to 1, found {saturation}")

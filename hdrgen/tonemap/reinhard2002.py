"""Reinhard's photographic tone reproduction, global and with automatic dodging and burning."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from hdrgen.array_kinds import Values, evaluated, for_both, largest, like, namespace
from hdrgen.camera import SRGB, luminance_of
from hdrgen.errors import InputError
from hdrgen.tiling import by_strips, mean_by_strips
from hdrgen.tonemap.operator import Operator
from hdrgen.tonemap.planes import BLACK, IMAGE, radiance_rows

if TYPE_CHECKING:
    from torch import Tensor

SCALES = 8
RATIO = 1.6  # from one scale to the next
SHARPNESS = 8.0  # phi of Eq. 7
THRESHOLD = 0.05  # epsilon of Eq. 8


def reinhard2002(
    radiance: Values, *, key: float = 0.18, white: float | None = None, local: bool = False, delta: float = 1e-6
) -> Values:
    r"""Map luminance by :math:`L_d = L(1 + L/L_{white}^2)/(1 + L)`, :math:`L = a L_w / \bar L_w`, and keep the hue.

    With `local` the denominator is :math:`1 + V(s)`: the mean over the largest neighbourhood, of eight Gaussian
    scales from 1 to 43 pixels, that holds no strong contrast, which dodges and burns like a printer. The result is
    sRGB-encoded and clipped.

    Args:
        radiance: Linear radiance, (..., 3, H, W); negative values are cut off.
        key: The display luminance of the log-average, `a` in the formula; 0.09 to 0.72 in the paper.
        white: The smallest scaled luminance L shown as white; None takes the largest of the
            image, at least 1.
        local: Dodge and burn.
        delta: Added in the logarithm, as a part of the image's largest luminance.

    Returns:
        Display values in [0, 1], (..., 3, H, W). A black image stays black.

    Raises:
        InputError: Key, white or delta is not positive.

    Source: Reinhard, Stark, Shirley and Ferwerda, "Photographic tone reproduction for digital images", 2002, Eq. 1-9.

    >>> import torch
    >>> grey = torch.full((3, 4, 4), 7.0)
    >>> round(float(reinhard2002(grey, white=1e6)[0, 0, 0]), 4)  # sRGB of 0.18 / 1.18
    0.4269
    """
    _check(key, white, delta)
    size = radiance.shape[-2:]
    luminance = by_strips(lambda start, stop: luminance_of(radiance_rows(radiance, start, stop)), size)
    xp, most = namespace(luminance), largest(luminance, IMAGE).clip(BLACK)
    log_mean = mean_by_strips(lambda start, stop: xp.log(luminance[..., start:stop, :] / most + delta), size)
    gain = key / (xp.exp(log_mean) * most)
    # Below 1 the burn would brighten an image that has no highlights, a constant one to pure white.
    limit = (gain * most).clip(1) if white is None else like(white, luminance)
    adaptation = evaluated(partial(_neighbourhood, key=key), gain * luminance) if local else None

    def display_of(start: int, stop: int) -> Values:
        scaled = gain * luminance[..., start:stop, :]
        around = scaled if adaptation is None else adaptation[..., start:stop, :]
        factor = gain * (1 + scaled / limit**2) / (1 + around)
        linear: Values = radiance_rows(radiance, start, stop) * factor
        return SRGB()(linear)

    return by_strips(display_of, size)


@dataclass(frozen=True)
class Reinhard2002(Operator):
    """`reinhard2002` with its parameters.

    >>> import torch
    >>> round(float(Reinhard2002(key=0.36, white=1e6)(torch.full((3, 4, 4), 7.0))[0, 0, 0]), 4)
    0.5514
    """

    encoding: ClassVar[str] = "sRGB"
    brighter: ClassVar[str] = "raise key"

    key: float = 0.18
    white: float | None = None
    local: bool = False
    delta: float = 1e-6

    def __post_init__(self) -> None:
        _check(self.key, self.white, self.delta)

    @for_both
    def __call__(self, radiance: Values) -> Values:
        """Map linear radiance (..., 3, H, W) to display values in [0, 1]."""
        return reinhard2002(radiance, key=self.key, white=self.white, local=self.local, delta=self.delta)


def _check(key: float, white: float | None, delta: float) -> None:
    for name, value in {"key": key, "white": 1.0 if white is None else white, "delta": delta}.items():
        if not value > 0:
            raise InputError(f"reinhard2002: expected a positive {name}, found {value}")


def _neighbourhood(luminance: Tensor, key: float) -> Tensor:
    """V1 at the last scale before the difference of two neighbouring scales passes the threshold."""
    import torch

    planes = luminance.reshape(-1, 1, *luminance.shape[-2:])
    centre = chosen = _blur(planes, 1.0)
    searching = torch.ones_like(planes, dtype=torch.bool)
    for i in range(SCALES):
        size = RATIO**i
        surround = _blur(planes, size * RATIO)
        contrast = (centre - surround) / (2**SHARPNESS * key / size**2 + centre)
        searching = searching & (contrast.detach().abs() < THRESHOLD)
        chosen = torch.where(searching, centre, chosen)
        centre = surround
    return chosen.reshape(luminance.shape)


def _blur(planes: Tensor, size: float) -> Tensor:
    """Gaussian of the paper's Eq. 5 with alpha = 1 / (2 sqrt 2): its standard deviation is a quarter of `size`."""
    import torch
    from torch.nn.functional import conv2d, pad

    reach = max(1, round(0.75 * size))  # three standard deviations
    with torch.autocast(planes.device.type, enabled=False):  # a convolution, which autocast would do in half precision
        distance = torch.arange(-reach, reach + 1, dtype=planes.dtype, device=planes.device)
        bell = (-distance.square() / (2 * distance.new_full((), size / 4).square())).exp()
        bell /= bell.sum()
        across = conv2d(pad(planes, (reach, reach, 0, 0), mode="replicate"), bell.view(1, 1, 1, -1))
        return conv2d(pad(across, (0, 0, reach, reach), mode="replicate"), bell.view(1, 1, -1, 1))

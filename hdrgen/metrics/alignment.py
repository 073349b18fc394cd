"""Bringing a reconstruction and the truth to one scale before radiance is compared.

A single photograph tells radiance up to a factor at best, and papers remove that factor by different rules, which move
HDR-VDP and PSNR by more than methods differ: a `ScaleAlignment` is chosen by name and printed with every number.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from hdrgen.errors import InputError
from hdrgen.metrics.precision import full_precision, promote
from hdrgen.tiling import value_at

ScaleAlignment = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""(radiance, target), both `(B, 3, H, W)`, to the same two on one scale; each image on its own."""

LOW, HIGH = 0.001, 0.999
"""Shares of an image's values below the two percentiles."""
BOTTOM, TOP = 1.0, 999.0
"""Where `align_percentiles` puts the two; read as cd/m2 by what follows."""
DARKEST, BRIGHTEST = 0.02, 0.9
"""Radiance that an exposure of EV 0 shows well: neither in its noise nor close to its white."""


def unaligned(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Both as they are."""
    return radiance, target


@full_precision
def align_mean(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scale `radiance` to the target's mean over all values.

    >>> align_mean(torch.full((1, 3, 2, 2), 2.0), torch.full((1, 3, 2, 2), 6.0))[0].mean().item()
    6.0
    """
    return _scaled(radiance, target.flatten(1).mean(1), radiance.flatten(1).mean(1)), target


@full_precision
def align_least_squares(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    r"""Scale `radiance` :math:`x` by the factor of the least squared error, :math:`\sum xy / \sum x^2`.

    The brightest pixels decide it.
    """
    values, truth = radiance.flatten(1), target.flatten(1)
    return _scaled(radiance, (values * truth).mean(1), (values * values).mean(1)), target


def align_median(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scale `radiance` by `match_scale`: the median ratio of luminance becomes 1. The rule of hdrgen's own results."""
    return match_scale(radiance, target), promote(target)


@full_precision
def align_percentiles(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift *each* image so that its 0.1 and 99.9 percentiles over all channels are 1 and 999.

    Values that become negative are 0. The evaluation of SingleHDR (Liu et al. 2020) and of Zhang et al. 2023.
    """
    return _stretched(radiance, BOTTOM, TOP), _stretched(target, BOTTOM, TOP)


@full_precision
def match_percentiles(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scale and shift `radiance` so that its 0.1 and 99.9 percentiles are the target's; negative values become 0.

    The evaluation of Kim et al. 2020.
    """
    low, high = _percentiles(target)
    return _stretched(radiance, low, high), target


@full_precision
def align_exposure(radiance: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Scale `radiance` to the target's mean over the values that the input shows well: truth in [0.02, 0.9].

    What the photograph saw anchors the scale, and highlights that it could not see do not move it.

    Raises:
        InputError: If an image has no such value, because its radiance 1 is not the white of an exposure.
    """
    well_exposed = (target >= DARKEST) & (target <= BRIGHTEST)
    if not well_exposed.flatten(1).any(1).all():
        raise InputError(
            f"alignment by exposure needs radiance between {DARKEST} and {BRIGHTEST}, where 1 is the input's white;"
            " found an image without any: choose another alignment"
        )
    sums = ((x * well_exposed).flatten(1).sum(1) for x in (target, radiance))
    return _scaled(radiance, *sums), target


ALIGNMENTS: dict[str, ScaleAlignment] = {
    "none": unaligned,
    "mean": align_mean,
    "least-squares": align_least_squares,
    "median": align_median,
    "percentiles": align_percentiles,
    "match-percentiles": match_percentiles,
    "exposure": align_exposure,
}
"""The choices by the names that the command line has for them."""


@full_precision
def match_scale(radiance: Tensor, target: Tensor) -> Tensor:
    """Scale each image so that the median of its luminance ratio to `target` is 1.

    A stack whose response is estimated determines radiance up to a factor only. The median over pixels is not moved by
    the few highlights that a single image cannot know, and it is the same rule for every method.

    Args:
        radiance: `(B, 3, H, W)`, linear.
        target: Same shape.
    """
    return radiance * matching_scale(radiance, target)


def matching_scale(radiance: Tensor, target: Tensor) -> Tensor:
    """The factors `(B, 1, 1, 1)` of `match_scale`."""
    tiny = torch.finfo(torch.float32).tiny
    level, true_level = (x.mean(1).flatten(1).clamp_min(tiny) for x in (radiance, target))
    stops = (true_level.log2() - level.log2()).median(dim=1).values
    # Beyond, float32 overflows: the image is black where the target is not, and no factor helps.
    return torch.exp2(stops.clamp(-126, 126)).view(-1, 1, 1, 1)


def _scaled(radiance: Tensor, numerator: Tensor, denominator: Tensor) -> Tensor:
    """`radiance * numerator / denominator`, `(B,)` each; a black image, which no factor helps, as it is."""
    possible = denominator > torch.finfo(torch.float32).tiny
    factor = torch.where(possible, numerator / torch.where(possible, denominator, 1), 1)
    return radiance * factor.view(-1, 1, 1, 1)


def _percentiles(image: Tensor) -> tuple[Tensor, Tensor]:
    values = image.flatten(1)
    count = values.shape[1]
    low, high = (value_at(values, min(max(1, round(share * count)), count)) for share in (LOW, HIGH))
    return low.view(-1, 1, 1, 1), high.view(-1, 1, 1, 1)


def _stretched(image: Tensor, bottom: Tensor | float, top: Tensor | float) -> Tensor:
    low, high = _percentiles(image)
    reach = high - low
    varied = reach > torch.finfo(torch.float32).tiny
    factor = torch.where(varied, (top - bottom) / torch.where(varied, reach, 1), 0)
    return ((image - low) * factor + bottom).clamp_min(0)

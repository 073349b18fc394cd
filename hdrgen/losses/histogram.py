"""Histograms that gradients pass through, and the distance between two of them."""

from typing import Literal

import torch
from torch import Tensor

from hdrgen.errors import InputError

HistogramKind = Literal["values", "neighbours"]
ROUNDING = 1e-3
"""Of a level: what float32 may take from the code of an 8-bit image before it is rounded down."""


def soft_histogram(values: Tensor, levels: int = 256) -> Tensor:
    r"""Share of the pixels at each level: :math:`h_l = \frac{1}{N} \sum_i \max(0, 1 - |x_i (L - 1) - l|)`.

    A value between two levels counts for both, by its distance; a value that is a multiple of :math:`1/(L-1)`, such
    as one of an 8-bit image, counts for one. Memory grows with the pixels, not with pixels times levels.

    Args:
        values: `(*, H, W)`, display values in [0, 1].
        levels: L, at least 2.

    Returns:
        `(*, L)`, in float32, each row with the sum 1.

    >>> soft_histogram(torch.tensor([[0.0, 1.0, 1.0, 0.25]]), levels=3)
    tensor([0.3750, 0.1250, 0.5000])
    """
    _check(levels)
    position = values.float().flatten(-2).clamp(0, 1) * (levels - 1)
    # NaN has no level: it makes the shares NaN, and with them the loss, and does not end the process on a GPU.
    left = position.detach().nan_to_num().floor().clamp_max(levels - 2)
    share = position - left
    empty = position.new_zeros(*position.shape[:-1], levels)
    counts = empty.scatter_add(-1, left.long(), 1 - share).scatter_add(-1, left.long() + 1, share)
    return counts / position.shape[-1]


def value_histogram(values: Tensor, levels: int = 256) -> Tensor:
    r"""Share of the pixels at each level, a pixel counted by its value: :math:`h_l = \frac{1}{N l} \sum_{i \in l} z_i`.

    For :math:`z_i = x_i (L - 1)`, rounded down to l. What is counted is the pixel, what has a gradient its value: 1 / l
    for each pixel at level l. Level 0 is divided by 1, so that black counts for nothing.

    Source: the authors' code of Kim, Lee and Kang 2020; the appendix that describes it is not in our text of the paper.

    Args:
        values: `(*, H, W)`, display values in [0, 1].
        levels: L, at least 2.

    Returns:
        `(*, L)`, in float32.

    >>> value_histogram(torch.tensor([[0.0, 1.0, 1.0, 0.75]]), levels=3)
    tensor([0.0000, 0.3750, 0.5000])
    """
    _check(levels)
    position = values.float().flatten(-2).clamp(0, 1) * (levels - 1)
    level = (position.detach() + ROUNDING).nan_to_num().long()
    sums = position.new_zeros(*position.shape[:-1], levels).scatter_add(-1, level, position)
    unit = torch.arange(levels, device=values.device, dtype=position.dtype).clamp_min(1)
    return sums / (unit * position.shape[-1])


def histogram_loss(image: Tensor, target: Tensor, levels: int = 256, kind: HistogramKind = "neighbours") -> Tensor:
    r"""Distance of histograms, :math:`\sum_l |h_l(\hat I) - h_l(I)|`, averaged over channels and images.

    Between 0 and about 2, whatever the size of the image. It is the mean over levels of Kim et al. with the pixels
    counted in units of N / L, the count of a flat histogram (256 at 256 x 256; the authors' code divides by 255).

    The kinds have nearly the same value and very different gradients: a pixel that moves by one level moves the counts
    by all of itself (`neighbours`), or by 1 / l of itself (`values`).

    Source: Kim, Lee and Kang 2020, Eq. 4, second term. How they differentiate the count is in an appendix that our text
    lacks, and in their code, see `value_histogram`.

    Args:
        image: `(B, C, H, W)`, display values in [0, 1]; gradients flow here.
        target: Same shape.
        levels: L.
        kind: `neighbours` counts by `soft_histogram`, `values` by `value_histogram`.

    >>> histogram_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[[0.0, 0.0], [0.0, 1.0]]]])).item()
    0.5
    """
    count = soft_histogram if kind == "neighbours" else value_histogram
    with torch.no_grad():
        wanted = count(target, levels)
    return (count(image, levels) - wanted).abs().sum(-1).mean()


def _check(levels: int) -> None:
    if levels < 2:
        raise InputError(f"expected a histogram of at least 2 levels, found {levels}: pass 256")

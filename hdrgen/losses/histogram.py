"""A histogram that gradients pass through, and the distance between two of them."""

from torch import Tensor

from hdrgen.errors import InputError


def soft_histogram(values: Tensor, levels: int = 256) -> Tensor:
    r"""Share of the pixels at each level: :math:`h_l = \frac{1}{N} \sum_i \max(0, 1 - |x_i (L - 1) - l|)`.

    A value between two levels counts for both, by its distance; a value that is a multiple of :math:`1/(L-1)`, such
    as one of an 8-bit image, counts for one. Memory grows with the pixels, not with pixels times levels.

    Args:
        values: `(*, H, W)`, display values in [0, 1].
        levels: L, at least 2.

    Returns:
        `(*, L)`, in float32, each row with the sum 1.

    >>> import torch
    >>> soft_histogram(torch.tensor([[0.0, 1.0, 1.0, 0.25]]), levels=3)
    tensor([0.3750, 0.1250, 0.5000])
    """
    if levels < 2:
        raise InputError(f"expected a histogram of at least 2 levels, found {levels}: pass 256")
    position = values.float().flatten(-2).clamp(0, 1) * (levels - 1)
    # NaN has no level: it makes the shares NaN, and with them the loss, and does not end the process on a GPU.
    left = position.detach().nan_to_num().floor().clamp_max(levels - 2)
    share = position - left
    empty = position.new_zeros(*position.shape[:-1], levels)
    counts = empty.scatter_add(-1, left.long(), 1 - share).scatter_add(-1, left.long() + 1, share)
    return counts / position.shape[-1]


def histogram_loss(image: Tensor, target: Tensor, levels: int = 256) -> Tensor:
    r"""Distance of histograms, :math:`\sum_l |h_l(\hat I) - h_l(I)|`, averaged over channels and images.

    Between 0 and 2, whatever the size of the image. It is the mean over levels of Kim et al. with the pixels counted
    in units of N / L, the count of a flat histogram.

    Source: Kim, Lee and Kang 2020, Eq. 4, second term. How they differentiate the count is not in the paper.

    Args:
        image: `(B, C, H, W)`, display values in [0, 1]; gradients flow here.
        target: Same shape.
        levels: L.

    >>> import torch
    >>> histogram_loss(torch.zeros(1, 1, 2, 2), torch.tensor([[[[0.0, 0.0], [0.0, 1.0]]]])).item()
    0.5
    """
    difference = soft_histogram(image, levels) - soft_histogram(target, levels)
    return difference.abs().sum(-1).mean()

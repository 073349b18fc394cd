"""The losses of Niu et al. 2021."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Judge = Callable[[Tensor], Tensor]
"""Images `(B, 3, H, W)` to features, which `Moments` measures."""
Moments = Callable[[Tensor], Tensor]
"""Features of a batch to how true they look, a scalar: `hdrgen.losses.sphere_moments`."""


def reconstruction_loss(images: Sequence[Tensor], target: Tensor) -> Tensor:
    r"""Deep supervision of all heads: :math:`L = \sum_k \lVert T(\hat H_k) - T(H) \rVert_1` (Eq. 6), norms as means.

    Args:
        images: The heads' images after the mu-law, each `(B, 3, H, W)`; in [-1, 1], as in the authors' code.
        target: The truth, the same way.

    >>> reconstruction_loss([torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)], torch.full((1, 3, 2, 2), 0.5)).item()
    1.0
    """
    return torch.stack([(image.float() - target).abs().mean() for image in images]).sum()


def generator_loss(images: Sequence[Tensor], judge: Judge, moments: Moments) -> Tensor:
    """What the generator makes small (Eq. 9): the moments of its images, with the sign turned, summed over the heads.

    Args:
        images: The heads' images after the mu-law, each `(B, 3, H, W)` in [-1, 1].
        judge: The discriminator, through which gradients reach the images.
        moments: The objective.
    """
    features = judge(torch.cat(list(images))).chunk(len(images))
    return -torch.stack([moments(feature) for feature in features]).sum()


def discriminator_loss(images: Sequence[Tensor], target: Tensor, judge: Judge, moments: Moments) -> Tensor:
    """What the discriminator makes small (Eq. 9): the moments of generated images less those of the truth.

    Args:
        images: As for `generator_loss`; no gradient reaches them.
        target: The truth after the mu-law, `(B, 3, H, W)` in [-1, 1].
        judge: The discriminator.
        moments: The objective.
    """
    true, *generated = judge(torch.cat([target, *(image.detach() for image in images)])).chunk(1 + len(images))
    return torch.stack([moments(feature) for feature in generated]).sum() - len(images) * moments(true)

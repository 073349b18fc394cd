"""ExpandNet's loss: absolute differences, and the angle between colours."""

import torch
from torch import Tensor
from torch.nn import functional

TINY = 1e-20
"""Least length of a colour that is divided by."""


def expansion_loss(radiance: Tensor, truth: Tensor, cosine_weight: float = 5.0) -> Tensor:
    r"""The loss () of images `(B, 3, H, W)` in [0, 1], in float32 (the paper's equation 4).

    .. math:: L = \overline{|\hat I - I|} + \lambda\,\overline{1 - \cos(\hat I, I)}

    The cosine is that of the angle between the colours of a pixel; both means are over the batch.

    Args:
        radiance: What the network makes.
        truth: What it should.
        cosine_weight: lambda.

    >>> grey = torch.full((1, 3, 1, 1), 0.5)
    >>> round(float(expansion_loss(grey, grey + 0.25)), 4)
    0.25
    """
    radiance, truth = radiance.float(), truth.float()
    cosine = functional.cosine_similarity(radiance, truth, dim=1, eps=TINY)
    return (radiance - truth).abs().mean() + cosine_weight * (1 - cosine).mean()


def stretched(radiance: Tensor) -> Tensor:
    """Radiance `(B, 3, H, W)` with the least value of each image at 0 and the largest at 1; an image of one value is 0.

    >>> stretched(torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)).flatten().tolist()
    [0.0, 0.5, 1.0]
    """
    least, most = radiance.amin((1, 2, 3), keepdim=True), radiance.amax((1, 2, 3), keepdim=True)
    return (radiance - least) / (most - least).clamp_min(torch.finfo(radiance.dtype).tiny)

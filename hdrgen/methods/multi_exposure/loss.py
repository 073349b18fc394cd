"""The losses of Le et al. 2023 that are the method's own."""

import kornia
import torch
from torch import Tensor


def hdr_representation_loss(dark: Tensor, bright: Tensor, ratio: Tensor, epsilon: float = 1 / 255) -> Tensor:
    r"""Whether two latent exposures of one scene differ by the exposure ratio alone.

    .. math:: L_h = L_t(X_1, X_2, r) + L_t(X_2, X_1, 1/r), \qquad
              L_t(X_i, X_j, r) = \lVert \log(r X_i + \epsilon) - \log(X_j + \epsilon) \rVert_1

    Source: Le et al. 2023, Eq. 5-6 (norm as a mean, as in the authors' code; the paper leaves epsilon open and we take
    the code's 1/255, the smallest step of an 8-bit image).

    Args:
        dark: Latent exposure X_1 of the darker image, `(B, 3, H, W)`, not negative.
        bright: Latent exposure X_2 of the brighter image, same shape.
        ratio: Exposure ratio bright / dark, `(B,)`.
        epsilon: Keeps the logarithm finite.

    Returns:
        A scalar, computed in float32.

    >>> x = torch.full((1, 3, 2, 2), 0.1)
    >>> hdr_representation_loss(x, 4 * x, torch.tensor([4.0])).item()
    0.0
    """
    dark, bright = dark.float(), bright.float()
    ratio = ratio.float().view(-1, 1, 1, 1)
    up = torch.log(dark * ratio + epsilon) - torch.log(bright + epsilon)
    down = torch.log(bright / ratio + epsilon) - torch.log(dark + epsilon)
    return up.abs().mean() + down.abs().mean()


def reconstruction_loss(image: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """Mean absolute difference of display values (Le et al. 2023, Eq. 7, one of its two terms).

    Args:
        image: `(B, 3, H, W)`, display values in [0, 1].
        target: Same shape.
        mask: Weight of each pixel `(B, 1, H, W)`; the paper has none, the authors' code the target's exposure mask.
    """
    difference = (image.float() - target).abs()
    return (difference if mask is None else difference * mask).mean()


def total_variation(image: Tensor) -> Tensor:
    """Anisotropic total variation, summed over a picture's pixels and averaged over the batch (Eq. 9-10).

    >>> total_variation(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])).item()
    2.0
    """
    variation: Tensor = kornia.losses.total_variation(image.float(), reduction="sum")  # of each channel
    return variation.flatten(1).sum(1).mean()

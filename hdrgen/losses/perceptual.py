"""Perceptual loss: distance between the features of a frozen, pretrained VGG trunk."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hdrgen.nn import VGGFeatures, pretrained_vgg


def perceptual_distance(trunk: VGGFeatures, image: Tensor, target: Tensor) -> Tensor:
    r"""Mean absolute difference of features, summed over the trunk's layers.

    .. math:: \sum_l \frac{1}{N_l} \lVert \phi_l(\hat I) - \phi_l(I) \rVert_1

    Source: Le et al. 2023, Eq. 8 (there as a norm; we take the mean, as the authors' code does, so that the weight does
    not depend on the size of the crop).

    Args:
        trunk: The features phi.
        image: `(B, 3, H, W)`, display values in [0, 1]; gradients flow here.
        target: Same shape.

    Returns:
        A scalar, in float32 whatever the precision around it.
    """
    maps: list[Tensor] = trunk(image)
    target_maps: list[Tensor] = trunk(target.detach())
    distances = [(f.float() - w.float()).abs().mean() for f, w in zip(maps, target_maps, strict=True)]
    return torch.stack(distances).sum()


class PerceptualLoss(nn.Module):
    """`perceptual_distance` with a pretrained trunk that stays out of checkpoints.

    Args:
        depth: 16 or 19.
        layers: Names of the layers compared.
        weights: File of torchvision weights; None takes torch.hub's cache.

    Raises:
        InputError: If no weights can be had.
    """

    def __init__(self, depth: int, layers: Sequence[str], weights: str | Path | None = None) -> None:
        super().__init__()
        # A tuple hides the trunk from state_dict(), optimizers and DDP: it is frozen and can be had again.
        self._trunk = (pretrained_vgg(depth, layers, weights),)

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """See `perceptual_distance`."""
        return perceptual_distance(self._trunk[0].to(image.device), image, target)

"""Perceptual loss: distance between the features of a frozen, pretrained VGG trunk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from hdrgen.nn import VGGFeatures, pretrained_vgg

Channels = Literal["sum", "mean"]


def perceptual_distance(trunk: VGGFeatures, image: Tensor, target: Tensor, channels: Channels = "sum") -> Tensor:
    r"""Absolute difference of features: averaged over batch and pixels, summed over channels and the trunk's layers.

    .. math:: \sum_l \frac{1}{B H_l W_l} \lVert \phi_l(\hat I) - \phi_l(I) \rVert_1

    Source: Le et al. 2023, Eq. 8. The norm there is a sum; the authors' code averages it over pixels and batch, so that
    its weight does not depend on the size of the crop, and sums over the channels, as the norm does. With
    `channels="mean"` each layer is also divided by its channels, which is 64, 128 and 256 times less for VGG's first
    three poolings.

    Args:
        trunk: The features phi.
        image: `(B, 3, H, W)`, display values in [0, 1]; gradients flow here.
        target: Same shape.
        channels: Whether the channels of a layer are summed or averaged.

    Returns:
        A scalar, in float32 whatever the precision around it.
    """
    maps: list[Tensor] = trunk(image)
    with torch.no_grad():
        target_maps: list[Tensor] = trunk(target)
    distances = [(f.float() - w.float()).abs().mean() for f, w in zip(maps, target_maps, strict=True)]
    if channels == "sum":
        distances = [distance * f.shape[1] for distance, f in zip(distances, maps, strict=True)]
    return torch.stack(distances).sum()


class PerceptualLoss(nn.Module):
    """`perceptual_distance` with a pretrained trunk that stays out of checkpoints.

    Args:
        depth: 16 or 19.
        layers: Names of the layers compared.
        weights: File of torchvision weights; None takes torch.hub's cache.
        channels: Whether the channels of a layer are summed or averaged.

    Raises:
        InputError: If no weights can be had.
    """

    def __init__(
        self, depth: int, layers: Sequence[str], weights: str | Path | None = None, channels: Channels = "sum"
    ) -> None:
        super().__init__()
        self.channels = channels
        # A tuple hides the trunk from state_dict(), optimizers and DDP: it is frozen and can be had again.
        # Its pooling is many times quicker with channels last, its convolutions a little.
        trunk = pretrained_vgg(depth, layers, weights)
        trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._trunk = (trunk,)

    def maps(self, image: Tensor) -> list[Tensor]:
        """The features of an image `(B, 3, H, W)`, of each layer."""
        features: list[Tensor] = self._trunk[0].to(image.device)(image)
        return features

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """See `perceptual_distance`."""
        return perceptual_distance(self._trunk[0].to(image.device), image, target, self.channels)

"""The contextual bilateral loss: features compared with the most similar ones nearby, not with those in their place."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.utils.checkpoint import checkpoint

from hdrgen.nn import pretrained_vgg

ROWS = 1024
"""Features matched at a time: the largest temporary has ROWS x M numbers for M features, 16 MiB for 64 x 64."""
SMALL = 1e-5  # Mechrez et al. 2018 add it to the smallest distance, which is 0 for equal features


def contextual_bilateral_distance(
    features: Tensor, target: Tensor, spatial_weight: float = 0.1, bandwidth: float | None = None, rows: int = ROWS
) -> Tensor:
    r"""How far features are from their best matches.

    .. math:: \frac{1}{M} \sum_j \min_k \left( D_{jk} + w_s D'_{jk} \right)

    with the cosine distance D between feature vectors j and k, and the distance D' of their positions in units of the
    map's sides. With a `bandwidth` h, the contextual similarity of Mechrez et al. takes the place of the minimum:
    :math:`-\ln \frac{1}{M} \sum_k \max_j \mathrm{softmax}_k \frac{1 - d_{jk} / \min_k d_{jk}}{h}` for d the sum above.

    Memory: the M x M distances exist `rows` rows at a time, 4 rows M bytes, in the forward and in the backward pass.

    Source: Zhang et al., "Zoom to learn, learn to zoom", CVPR 2019, Eq. 3; Kim, Lee and Kang 2020, Eq. 7.

    Args:
        features: `(B, C, H, W)`; gradients flow here.
        target: Same shape.
        spatial_weight: w_s.
        bandwidth: h; None takes the minimum, as the papers write it.
        rows: How many features are matched at a time.

    Returns:
        A scalar, in float32.

    >>> maps = torch.eye(4).view(1, 4, 2, 2)
    >>> contextual_bilateral_distance(maps, maps).item()
    0.0
    """
    height, width = features.shape[-2:]
    places = torch.cartesian_prod(torch.arange(height) / height, torch.arange(width) / width).to(features.device)
    compare = _nearest if bandwidth is None else _Similarity(bandwidth)
    with torch.autocast(features.device.type, enabled=False):
        pairs = zip(_vectors(features), _vectors(target.detach()), strict=True)
        return torch.stack([compare(own, target, places, spatial_weight, rows) for own, target in pairs]).mean()


def _vectors(features: Tensor) -> Tensor:
    """Unit vectors `(B, H W, C)`; one of zeros stays."""
    unit: Tensor = normalize(features.float().flatten(2), dim=1)
    return unit.transpose(1, 2)


def _distances(some: Tensor, here: Tensor, target: Tensor, places: Tensor, spatial_weight: float) -> Tensor:
    """D + w_s D' of features `some` `(R, C)` at `here` `(R, 2)` from all of the target `(M, C)`: `(R, M)`."""
    distances: Tensor = 1 - some @ target.mT + spatial_weight * torch.cdist(here, places)
    return distances


def _nearest(features: Tensor, target: Tensor, places: Tensor, spatial_weight: float, rows: int) -> Tensor:
    """The mean of the minima. Its gradient needs the matched pairs alone, so matching itself records nothing."""
    with torch.no_grad():
        chunks = zip(torch.split(features, rows), torch.split(places, rows), strict=True)
        matches = [_distances(some, here, target, places, spatial_weight).argmin(1) for some, here in chunks]
    match = torch.cat(matches)
    cosine = (features * target[match]).sum(1)
    away: Tensor = torch.linalg.vector_norm(places - places[match], dim=1)
    return (1 - cosine + spatial_weight * away).mean()


class _Similarity:
    """Minus the logarithm of the contextual similarity; rows of distances are computed again for the gradient."""

    def __init__(self, bandwidth: float) -> None:
        self.bandwidth = bandwidth

    def __call__(self, features: Tensor, target: Tensor, places: Tensor, spatial_weight: float, rows: int) -> Tensor:
        best: list[Tensor] = [
            checkpoint(self._best, some, here, target, places, spatial_weight, use_reentrant=False)
            for some, here in zip(torch.split(features, rows), torch.split(places, rows), strict=True)
        ]
        return -torch.stack(best).amax(0).mean().log()

    def _best(self, some: Tensor, here: Tensor, target: Tensor, places: Tensor, spatial_weight: float) -> Tensor:
        """For each target feature, its largest share in the matches of these rows, `(M,)`."""
        distances = _distances(some, here, target, places, spatial_weight)
        relative = distances / (distances.amin(1, keepdim=True) + SMALL)
        return ((1 - relative) / self.bandwidth).softmax(1).amax(0)


class ContextualBilateralLoss(nn.Module):
    """`contextual_bilateral_distance` of VGG features, summed over layers; the trunk stays out of checkpoints.

    Args:
        layers: Of VGG-19; the default stands for "the 3rd and 4th layer" of Kim et al.
        weights: File of torchvision weights; None takes torch.hub's cache.
        spatial_weight: w_s.
        bandwidth: See `contextual_bilateral_distance`.

    Raises:
        InputError: If no weights can be had.
    """

    def __init__(
        self,
        layers: Sequence[str] = ("relu3_4", "relu4_4"),
        weights: str | Path | None = None,
        spatial_weight: float = 0.1,
        bandwidth: float | None = None,
    ) -> None:
        super().__init__()
        # A tuple hides the trunk from state_dict(), optimizers and DDP: it is frozen and can be had again.
        self._trunk = (pretrained_vgg(19, layers, weights),)
        self.spatial_weight = spatial_weight
        self.bandwidth = bandwidth

    def forward(self, image: Tensor, target: Tensor) -> Tensor:
        """The loss of images `(B, 3, H, W)`, display values in [0, 1]; the gradient reaches `image`."""
        trunk = self._trunk[0].to(image.device)
        with torch.no_grad():
            target_maps = trunk(target)
        pairs = zip(trunk(image), target_maps, strict=True)
        terms = [contextual_bilateral_distance(f, w, self.spatial_weight, self.bandwidth) for f, w in pairs]
        return torch.stack(terms).sum()

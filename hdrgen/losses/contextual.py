"""The contextual bilateral loss: features compared with the most similar ones nearby, not with those in their place."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

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
    map's sides.

    With a `bandwidth` h, the similarity of Kim et al.'s code takes the place of the distance:

    .. math:: -\ln \Big( 10^{-5} + \frac{1}{M} \sum_j \max_k \left( (1 - w_s) C(D)_{jk} + w_s C(D')_{jk} \right) \Big),
        \qquad C(d)_{jk} = \mathrm{softmax}_k \frac{1 - d_{jk} / (\min_k d_{jk} + 10^{-5})}{h}

    of each image, with the features less the target's mean before the cosine, and the squared distance of positions.
    D' is 0 at a feature's own place, so that C(D') is nearly 1 there and 0 elsewhere: whatever the features, at least
    about w_s is similar.

    Memory: the M x M distances exist `rows` rows at a time, 4 rows M bytes, in the forward and in the backward pass.

    Source: Zhang et al., "Zoom to learn, learn to zoom", CVPR 2019, Eq. 3; Kim, Lee and Kang 2020, Eq. 7; of the
    similarity Mechrez et al., "The contextual loss for image transformation with non-aligned data", ECCV 2018, Eq. 2-4.

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
    with torch.autocast(features.device.type, enabled=False):
        features, target = features.float(), target.detach().float()
        if bandwidth is None:
            return _nearest(_vectors(features), _vectors(target), _places(features), spatial_weight, rows)
        middle = target.mean((2, 3), keepdim=True)
        compare = _Similarity(spatial_weight, bandwidth)
        return compare(_vectors(features - middle), _vectors(target - middle), _places(features, border=1), rows)


def _places(features: Tensor, border: int = 0) -> Tensor:
    """Positions `(H W, 2)` in units of the map's sides, to which a border may be added."""
    height, width = features.shape[-2:]
    y, x = (torch.arange(n, device=features.device) / (n + border) for n in (height, width))
    return torch.cartesian_prod(y, x).to(features)


def _vectors(features: Tensor) -> Tensor:
    """Unit vectors `(B, H W, C)`; one of zeros stays."""
    unit: Tensor = normalize(features.flatten(2), dim=1)
    return unit.transpose(1, 2)


class _Rows(NamedTuple):
    """Some features of all images `(B, R, C)` and where they are `(R, 2)`."""

    some: Tensor
    here: Tensor


def _chunks(features: Tensor, places: Tensor, rows: int) -> Iterator[_Rows]:
    for some, here in zip(torch.split(features, rows, 1), torch.split(places, rows), strict=True):
        yield _Rows(some, here)


def _nearest(features: Tensor, target: Tensor, places: Tensor, spatial_weight: float, rows: int) -> Tensor:
    """The mean of the minima. Its gradient needs the matched pairs alone, so matching itself records nothing."""
    matches: list[Tensor] = []
    with torch.no_grad():
        for some, here in _chunks(features, places, rows):
            # The 1 of 1 - cosine moves no minimum. One image at a time: positions once, and one pass over the matrix.
            away = spatial_weight * torch.cdist(here, places)
            matches.append(
                torch.stack([torch.addmm(away, a, b.mT, alpha=-1).argmin(1) for a, b in zip(some, target, strict=True)])
            )
        match = torch.cat(matches, 1)
        moved: Tensor = torch.linalg.vector_norm(places - places[match], dim=-1)
        matched = target.gather(1, match.unsqueeze(-1).expand(-1, -1, target.shape[-1]))
    return (1 - (features * matched).sum(-1) + spatial_weight * moved).mean()


class _Similarity:
    """Minus the logarithm of the contextual similarity; rows of distances are computed again for the gradient."""

    def __init__(self, spatial_weight: float, bandwidth: float) -> None:
        self.spatial_weight = spatial_weight
        self.bandwidth = bandwidth

    def __call__(self, features: Tensor, target: Tensor, places: Tensor, rows: int) -> Tensor:
        best: list[Tensor] = []
        for some, here in _chunks(features, places, rows):
            near = self.spatial_weight * self._share(torch.cdist(here, places).square())
            best.append(
                torch.stack(
                    [checkpoint(self._best, a, b, near, use_reentrant=False) for a, b in zip(some, target, strict=True)]
                )
            )
        return -(torch.cat(best, 1).mean(1) + SMALL).log().mean()

    def _best(self, some: Tensor, target: Tensor, near: Tensor) -> Tensor:
        """The largest similarity of each of some features with any of the target's, `(R,)`."""
        return (self._share(1 - some @ target.mT) * (1 - self.spatial_weight) + near).amax(1)

    def _share(self, distances: Tensor) -> Tensor:
        relative = distances / (distances.amin(1, keepdim=True) + SMALL)
        return ((1 - relative) / self.bandwidth).softmax(1)


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

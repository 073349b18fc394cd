"""The losses of Santos et al. 2020."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.tonemap import mu_law

MOST = 10.0
"""Largest logarithm that the network is asked for."""
BRIGHTEST = 50.0
"""Radiance at which images are cut before VGG sees them."""
MU = 500.0
"""Of the mu-law by which VGG sees radiance."""
Maps = Callable[[Tensor], list[Tensor]]


def masked_log_distance(log_radiance: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    r"""Mean absolute difference of logarithms where the photograph is not to be trusted.

    :math:`\mathrm{mean}\,|(1 - m)(\mathrm{clip}(y, 0, 10) - \ln(H + 1))|`, in float32.

    Args:
        log_radiance: y, `(B, 3, H, W)`; gradients flow here.
        truth: H, linear radiance of the same shape.
        mask: m, of the same shape.

    Source: Santos et al. 2020.
    """
    y, wanted = log_radiance.float().clamp(0, MOST), truth.float().log1p()
    return ((1 - mask.float()) * (y - wanted)).abs().mean()


def seen_by_vgg(radiance: Tensor, truth: Tensor) -> Tensor:
    """Radiance `(B, 3, H, W)` after the mu-law, in parts of the largest of its truth."""
    largest = truth.clamp(0, BRIGHTEST).amax((1, 2, 3), keepdim=True).clamp_min(1e-6)
    return mu_law(radiance.clamp(0, BRIGHTEST) / largest, MU)


def gram(features: Tensor) -> Tensor:
    r"""Products of all channels with each other, `(B, C, C)`, of `(B, C, H, W)`: :math:`F F^T / (C H W)`."""
    rows = features.float().flatten(2)
    return rows @ rows.movedim(1, 2) / features[0].numel()


def feature_distances(maps: Maps, image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The mean absolute differences of features, and of their Gram matrices, each summed over the layers.

    Args:
        maps: The features of an image.
        image: `(B, 3, H, W)` in [0, 1]; gradients flow here.
        target: The same shape.

    Source: Santos et al. 2020.
    """
    made = maps(image)
    with torch.no_grad():
        wanted = maps(target)
    pairs = list(zip(made, wanted, strict=True))
    content = torch.stack([(a.float() - b.float()).abs().mean() for a, b in pairs]).sum()
    style = torch.stack([(gram(a) - gram(b)).abs().mean() for a, b in pairs]).sum()
    return content, style


def variation_in_holes(image: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of neighbours along rows, plus along columns, of which one is in a hole or beside one.

    Args:
        image: `(B, 3, H, W)`.
        mask: The same shape, 0 in the holes.
    """
    near = functional.max_pool2d(1 - mask, 3, 1, 1)
    across = image.diff(dim=-1).abs() * near[..., 1:] * near[..., :-1]
    along = image.diff(dim=-2).abs() * near[..., 1:, :] * near[..., :-1, :]
    return across.mean() + along.mean()

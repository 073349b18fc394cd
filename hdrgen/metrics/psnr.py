"""Peak signal-to-noise ratio of each image: of display values, and of radiance under the mu-law."""

import torch
from torch import Tensor

from hdrgen.tonemap import mu_law

PSNR_CEILING = 100.0
"""dB reported for images that are equal, so that a mean over images stays finite."""


def psnr(image: Tensor, target: Tensor, data_range: float = 1.0) -> Tensor:
    r"""PSNR of each image, :math:`10 \log_{10}(\text{range}^2 / \text{MSE})`, at most `PSNR_CEILING`.

    The mean squared error is taken over one image; average the result over images, never the errors.

    Args:
        image: `(B, 3, H, W)`.
        target: Same shape.
        data_range: Largest possible difference.

    Returns:
        `(B,)` in dB.

    >>> psnr(torch.zeros(1, 3, 4, 4), torch.full((1, 3, 4, 4), 0.1))
    tensor([20.])
    """
    error = (image.float() - target.float()).square().flatten(1).mean(1)
    return (10 * torch.log10(data_range**2 / error.clamp_min(1e-30))).clamp_max(PSNR_CEILING)


def match_scale(radiance: Tensor, target: Tensor) -> Tensor:
    """Scale each image so that the median of its luminance ratio to `target` is 1.

    A stack whose response is estimated determines radiance up to a factor only. The median over pixels is not moved by
    the few highlights that a single image cannot know, and it is the same rule for every method.

    Args:
        radiance: `(B, 3, H, W)`, linear.
        target: Same shape.
    """
    tiny = torch.finfo(torch.float32).tiny
    found, wanted = (x.float().mean(1).flatten(1).clamp_min(tiny) for x in (radiance, target))
    ratio = torch.exp2((wanted.log2() - found.log2()).median(dim=1).values)
    return radiance * ratio.view(-1, 1, 1, 1)


def psnr_mu(radiance: Tensor, target: Tensor, mu: float = 5000.0, peak_quantile: float = 0.999) -> Tensor:
    """PSNR of radiance after the mu-law, with the target's `peak_quantile` at 1 and values above it cut.

    No alignment of scale happens here, see `match_scale`.

    Args:
        radiance: `(B, 3, H, W)`, linear.
        target: Same shape.
        mu: Compression of the mu-law (Kalantari and Ramamoorthi 2017).
        peak_quantile: Share of the target's values that lie below the peak.

    Returns:
        `(B,)` in dB.
    """
    peak = peak_of(target, peak_quantile)
    coded, wanted = (mu_law((x.float() / peak).clamp(0, 1), mu) for x in (radiance, target))
    return psnr(coded, wanted)


def peak_of(target: Tensor, quantile: float) -> Tensor:
    """The given quantile of each image `(B, 3, H, W)`, as `(B, 1, 1, 1)`; by rank, without interpolation."""
    values = target.float().flatten(1)
    rank = max(1, round(quantile * values.shape[1]))
    return values.kthvalue(rank, dim=1).values.clamp_min(torch.finfo(torch.float32).tiny).view(-1, 1, 1, 1)

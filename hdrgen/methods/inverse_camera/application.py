"""From a photograph and the estimate of its camera to radiance and to any exposure: no network, exact below white."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.methods.inverse_camera.curve import response_of
from hdrgen.methods.inverse_camera.network import CameraEstimate
from hdrgen.methods.inverse_camera.summary import ramp
from hdrgen.tiling import enlarged

LARGE_REGION = 0.2
"""Clipped share of its surroundings from which on a region gets the median and no more."""
ALL_WHITE = (0.7, 0.95)
"""Clipped share of a photograph, a screenshot perhaps, from which on its white is taken for one, and wholly."""
SURROUNDINGS = 8
"""Part of the longer side of the picture that the surroundings of a cell are."""


class Restoration(nn.Module):
    """Radiance where the photograph is white: one gain for the three channels, so that a lamp keeps its colour.

    How much of the gain a pixel gets depends on how many of its channels are clipped; the shares are learnt.
    """

    def __init__(self) -> None:
        super().__init__()
        self.shares = nn.Parameter(torch.zeros(3))

    def forward(self, image: Tensor, linear: Tensor, stops: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)`.

        Args:
            image: `(B, 3, H, W)`, display values.
            linear: Their sensor exposures, same shape.
            stops: Above white where all channels are clipped, `(B, 1, H, W)`.
        """
        shares = torch.softmax(self.shares, 0)
        most, middle, least = _sorted(ramp(image))
        strength = shares[0] * most + shares[1] * middle + shares[2] * least
        return linear * (strength * stops).exp2()


def _sorted(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The largest, middle and smallest channel `(B, 1, H, W)` of each pixel `(B, 3, H, W)`; quicker than `sort`."""
    red, green, blue = image.chunk(3, 1)
    larger, smaller = torch.maximum(red, green), torch.minimum(red, green)
    return (
        torch.maximum(larger, blue),
        torch.maximum(smaller, torch.minimum(larger, blue)),
        torch.minimum(smaller, blue),
    )


def region_stops(estimate: CameraEstimate) -> Tensor:
    """Stops above white over the grid `(B, 1, h, w)`: the median for large regions, the upper quantile for small ones.

    A large white area is a wall or the sky, whose brightness the median tells best; a small one may be a lamp, of
    which a median, taken over lamps and paper alike, loses most.
    """
    median, upper = estimate.stops[:, :1], estimate.stops[:, 1:]
    side = max(1, max(estimate.clipped.shape[-2:]) // SURROUNDINGS) // 2
    share = functional.avg_pool2d(estimate.clipped, 2 * side + 1, 1, side, count_include_pad=False)
    stops = torch.lerp(upper, median, (share / LARGE_REGION).clamp(0, 1))
    return torch.lerp(stops, _mean(stops, estimate.clipped), _whiteness(estimate.clipped))


def _mean(stops: Tensor, clipped: Tensor) -> Tensor:
    """Over the clipped cells of each photograph, `(B, 1, 1, 1)`."""
    weighted = (stops * clipped).sum((1, 2, 3), keepdim=True)
    return weighted / clipped.sum((1, 2, 3), keepdim=True).clamp_min(1e-6)


def _whiteness(clipped: Tensor) -> Tensor:
    """How far a photograph is nothing but white `(B, 1, 1, 1)`, 0 to 1: then nothing tells where it is brighter."""
    low, high = ALL_WHITE
    return ((clipped.mean((1, 2, 3), keepdim=True) - low) / (high - low)).clamp(0, 1)


def guided_stops(stops: Tensor, clipped: Tensor, image: Tensor) -> Tensor:
    """Stops at the resolution of `image`, taken from the clipped cells alone, so that they do not thin out at edges.

    Args:
        stops: Over the grid of the whole photograph, `(B, 1, h, w)`.
        clipped: Share of clipped pixels in each cell, same shape.
        image: The photograph or a tile of it, `(B, C, H, W)`.
    """
    weight = clipped + 1e-3
    both = enlarged(torch.cat([stops * weight, weight], 1), image)
    return both[:, :1] / both[:, 1:]


def exposures_of(radiance: Tensor, ev: Tensor, curve: Tensor) -> Tensor:
    """The camera's exposures `(B, K, 3, H, W)` of radiance `(B, 3, H, W)` at `ev` `(K,)`; `curve` is `(B, N)`."""
    exposed = radiance[:, None] * ev.to(radiance).exp2().view(-1, 1, 1, 1)
    return response_of(curve)(exposed)

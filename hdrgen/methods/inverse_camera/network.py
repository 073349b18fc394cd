"""The network: from a photograph to the inverse response of its camera and to what clipping hid."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from hdrgen.errors import InputError
from hdrgen.methods.inverse_camera.curve import BASIS, CurveFamily
from hdrgen.methods.inverse_camera.edges import FEATURES, MixingEvidence
from hdrgen.methods.inverse_camera.summary import BINS, CHANNELS, depth_of, histogram_of, overview_of, thumbnail_of

WIDTHS = (16, 32, 64, 96, 128)
HIDDEN = 128
"""Width of the layers before the curve."""
EDGE_DROPOUT = 0.2
"""Of the layers that take a curve from edges, in training."""
MOST_STOPS = 10.0
"""Above white: what no lamp of the training scenes exceeds."""


CurveSource = Literal["picture", "histogram", "edges"]


class CameraEstimate(NamedTuple):
    """What is estimated of the camera of each photograph.

    Attributes:
        curve: Inverse response, sensor exposures of 256 display values from 0 to 1, `(B, 256)`.
        stops: What clipping hid, `(B, 2, h, w)` stops above white: median and upper quantile, over the cells of the
            thumbnail.
        clipped: Share of clipped pixels in each cell, `(B, 1, h, w)`.
        depth: How far inside a clipped region each place is, see `depth_of`; applied, not estimated.
    """

    curve: Tensor
    stops: Tensor
    clipped: Tensor
    depth: Tensor


class Block(nn.Module):
    """Residual: two convolutions 3 x 3 with group normalisation and SiLU, `(B, C, h, w)` to `(B, out, h/s, w/s)`."""

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, channels, 3, stride, 1)
        self.second = nn.Conv2d(channels, channels, 3, 1, 1)
        self.norm = nn.GroupNorm(4, channels)
        nn.init.zeros_(self.second.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Run the block."""
        features = functional.silu(self.norm(self.first(features)))
        return features + functional.silu(self.second(features))


class CameraNetwork(nn.Module):
    """An encoder over the thumbnail; from its deepest features and the histogram a curve, from its decoder the stops.

    Args:
        channels: Width of each level, from the thumbnail's size down.
        thumbnail: Rows and columns of the grid of cells that the photograph is seen by.
        curve_from: What tells the curve: the "picture", that is the deepest features beside the histogram, or the
            "histogram" alone, through layers of its own, or the "edges", by how colours mix there, beside the picture.
        edge_share: Part of the curve, where there are edges to tell it, that they do; the rest is the picture's.
    """

    def __init__(
        self,
        channels: Sequence[int] = WIDTHS,
        thumbnail: int = 64,
        curve_from: CurveSource = "picture",
        edge_share: float = 0.5,
    ) -> None:
        if len(channels) < 2 or any(width < 4 or width % 4 for width in channels):
            raise InputError(f"expected the widths of at least two levels, multiples of 4, found {list(channels)}")
        deepest = 2 ** (len(channels) - 1)
        if thumbnail < deepest or thumbnail % deepest:
            raise InputError(f"expected a thumbnail of a multiple of {deepest} cells, found {thumbnail}")
        super().__init__()
        self.thumbnail = thumbnail
        widths = list(channels)
        self.down = nn.ModuleList(
            Block(i, o, 1 if level == 0 else 2)
            for level, (i, o) in enumerate(zip([CHANNELS, *widths], widths, strict=False))
        )
        self.up = nn.ModuleList(
            Block(below + skip, skip) for below, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.whole = _layers(2 * widths[-1] + 3 * BINS)
        self.to_curve = nn.Linear(HIDDEN, BASIS)
        self.of_whole = nn.Linear(HIDDEN, widths[-1])
        self.to_stops = nn.Conv2d(widths[0], 2, 1)
        self.of_histogram = self.of_edges = None
        self.edge_share = edge_share
        last: list[nn.Module] = [self.to_curve, self.to_stops]
        if curve_from == "histogram":
            self.of_histogram = nn.Sequential(*_layers(3 * BINS), nn.Linear(HIDDEN, BASIS))
            last.append(self.of_histogram[-1])
        if curve_from == "edges":
            self.evidence = MixingEvidence()
            self.of_edges = nn.Sequential(*_layers(FEATURES, EDGE_DROPOUT), nn.Linear(HIDDEN, BASIS))
            last.append(self.of_edges[-1])
        self.family = CurveFamily()
        for layer in last:
            for parameter in layer.parameters():
                nn.init.zeros_(parameter)

    def forward(self, image: Tensor, trust: float = 1.0) -> CameraEstimate:
        """Estimate the camera of photographs `(B, 3, H, W)`.

        Args:
            image: Display values.
            trust: Part of the deviation from the mean curve that counts, 0 to 1; of that which edges tell, all does.
        """
        overview = overview_of(image, 2 * self.thumbnail)
        thumbnail = thumbnail_of(overview)
        features, skips = 2 * thumbnail - 1, []
        for block in self.down:
            features = block(features)
            skips.append(features)
        histogram = histogram_of(overview[:, :3])
        whole = self._whole(skips.pop(), histogram)
        features = features + self.of_whole(whole)[..., None, None]
        for block in self.up:
            features = functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)
            features = block(torch.cat([features, skips.pop()], 1))
        clipped = thumbnail[:, 3:6].amax(1, keepdim=True)
        told = self.to_curve(whole) if self.of_histogram is None else self.of_histogram(4 * histogram.flatten(1))
        told = trust * told
        if self.of_edges is not None:
            evidence, enough = self.evidence(image)
            told = told + self.edge_share * enough * (self.of_edges(evidence) - told)
        return CameraEstimate(self.family(told), self._stops(features), clipped, depth_of(image))

    def curve_by_edges(self, image: Tensor) -> Tensor:
        """The curve `(B, 256)` that the edges of photographs `(B, 3, H, W)` tell alone."""
        if self.of_edges is None:
            raise InputError("expected a network whose curve comes from edges, found none", "curve_from")
        curve: Tensor = self.family(self.of_edges(self.evidence(image)[0]))
        return curve

    def curve_of(self, histogram: Tensor) -> Tensor:
        """The curve `(B, 256)` of a histogram `(B, 3, 64)`, where the histogram alone tells it."""
        if self.of_histogram is None:
            raise InputError(
                "expected a network whose curve comes from the histogram, found one that sees the picture", "curve_from"
            )
        curve: Tensor = self.family(self.of_histogram(4 * histogram.flatten(1)))
        return curve

    def _whole(self, deepest: Tensor, histogram: Tensor) -> Tensor:
        pooled = [deepest.mean((-2, -1)), deepest.amax((-2, -1)), 4 * histogram.flatten(1)]
        features: Tensor = self.whole(torch.cat(pooled, 1))
        return features

    def _stops(self, features: Tensor) -> Tensor:
        """Median, and upper quantile, which is no less."""
        median, more = functional.softplus(3 * self.to_stops(features).float() - 1).unbind(1)
        return torch.stack([median, median + more], 1).clamp_max(MOST_STOPS)


def _layers(inputs: int, dropout: float = 0.0) -> nn.Sequential:
    dropped = [nn.Dropout(dropout)] if dropout else []
    first, second = nn.Linear(inputs, HIDDEN), nn.Linear(HIDDEN, HIDDEN)
    return nn.Sequential(first, nn.SiLU(), *dropped, second, nn.SiLU(), *dropped)

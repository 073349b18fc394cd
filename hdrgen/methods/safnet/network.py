"""The networks of Kong et al. 2024, with the widths of their public code."""

import itertools
from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.methods.frames import REFERENCE
from hdrgen.methods.safnet.refiners import Refiner, Selected, SmallRefiner, layer
from hdrgen.nn import warped

EPSILON = 1e-9
"""Of a sum of weights that may be 0."""
STRIDE = 16
"""Sides of the frames that the flow is found in divide by this."""
Size = Literal["full", "small"]


class Merging(NamedTuple):
    """What the network makes: the radiance, and the explicit merge that it refines, both `(B, 3, H, W)`."""

    radiance: Tensor
    merged: Tensor


class Encoder(nn.Module):
    """A frame to features of each scale, from half its size down; every level halves once more."""

    def __init__(self, channels: int, levels: int = 4) -> None:
        super().__init__()
        widths = [6] + levels * [channels]
        pairs = itertools.pairwise(widths)
        self.levels = nn.ModuleList(nn.Sequential(layer(i, o, stride=2), layer(o, o)) for i, o in pairs)

    def forward(self, frame: Tensor) -> list[Tensor]:
        """Features `(B, C, H / 2^s, W / 2^s)`, s = 1, 2, ..."""
        scales: list[Tensor] = []
        for level in self.levels:
            frame = level(frame)
            scales.append(frame)
        return scales


class Decoder(nn.Module):
    """One step of flow and mask, from one scale to twice its size; the same weights at every scale.

    Args:
        channels: Of the encoders' features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = 3 * channels
        self.enter = layer(width + 6, width)
        self.groups = nn.ModuleList(layer(width, width, groups=3) for _ in range(3))
        self.leave = layer(width, width)
        self.up = nn.ConvTranspose2d(width, 6, 4, 2, 1)

    def forward(self, features: Sequence[Tensor], flow: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Flows and logits of masks at twice the size.

        Args:
            features: Of the dark, the middle and the bright frame, `(B, C, h, w)` each.
            flow: `(B, 4, h, w)`, x and y of the dark frame, x and y of the bright one, in pixels of this scale.
            mask: `(B, 2, h, w)`, logits.
        """
        dark, reference, bright = features
        seen = [warped(dark, flow[:, :2]), reference, warped(bright, flow[:, 2:])]
        found = self.enter(torch.cat([*seen, flow, mask], 1))
        for group in self.groups:
            found = F.channel_shuffle(group(found), 3)
        residual = self.up(self.leave(found)).to(flow.dtype)
        size = residual.shape[-2:]
        return 2 * resized(flow, size) + residual[:, :4], resized(mask, size) + residual[:, 4:]


class SAFNetwork(nn.Module):
    """Three exposures to radiance: flow and masks together, an explicit merge, then a refinement (Kong et al. 2024).

    Args:
        channels: Of the encoder's features.
        refiner: Which refinement: the full one, or that of the authors' small variant.
        refiner_width: Its channels; None: the authors', 80 and 32.
        window: Side of the squares into which the refiner cuts what it trains on; None leaves it whole.
        zero_head: Whether the refiner's last convolution begins at 0, so that the merge is the result.
    """

    def __init__(
        self,
        channels: int = 40,
        refiner: Size = "full",
        refiner_width: int | None = None,
        window: int | None = 128,
        zero_head: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(channels)
        self.decoder = Decoder(channels)
        kind = Refiner if refiner == "full" else SmallRefiner
        self.refiner: Refiner | SmallRefiner = kind(refiner_width or kind.width, window)
        if zero_head:
            for parameter in self.refiner.head.parameters():
                nn.init.zeros_(parameter)

    def forward(self, exposures: Tensor) -> Merging:
        """Merge.

        Args:
            exposures: `(B, 3, 6, H, W)`, dark to bright, each the radiance that it shows and its display values.
        """
        flow, mask = self.select(exposures)
        chosen = Selected(exposures, flow, mask)
        dark, reference, bright = exposures[:, :, :3].unbind(1)
        frames = [warped(dark, flow[:, :2]), reference, warped(bright, flow[:, 2:])]
        merged = explicit_merge(frames, exposures[:, REFERENCE, 3:], mask)
        return Merging((merged + self.refiner(chosen, merged)).clamp(0, 1), merged)

    def select(self, exposures: Tensor) -> tuple[Tensor, Tensor]:
        """Where the other frames show what the reference shows, and whether they can be trusted there.

        Args:
            exposures: As for `forward`.

        Returns:
            Flows `(B, 4, H, W)`, x and y of the dark and of the bright frame in pixels, to be added to a place of the
            reference; masks `(B, 2, H, W)` in [0, 1].
        """
        height, width = exposures.shape[-2:]
        half = tuple(STRIDE * -(-side // (2 * STRIDE)) for side in (height, width))
        scales = zip(*(self.encoder(resized(frame, half)) for frame in exposures.unbind(1)), strict=True)
        features = list(scales)[::-1]
        small = features[0][0].shape[-2:]
        flow, mask = (exposures.new_zeros(len(exposures), count, *small) for count in (4, 2))
        for each in features:
            flow, mask = self.decoder(each, flow, mask)
        # Quotients of tensors, since torch.export follows none of sizes.
        grown = [
            flow.new_full((1,), side) / flow.new_full((1,), of) for side, of in ((width, half[1]), (height, half[0]))
        ]
        ratio = torch.cat(2 * grown).view(4, 1, 1)
        full = (height, width)
        return resized(flow, full) * ratio, torch.sigmoid(resized(mask, full))


def explicit_merge(frames: Sequence[Tensor], reference: Tensor, mask: Tensor) -> Tensor:
    """Mean of radiance with weights by the display value of the reference, and by what can be trusted.

    Where a dark reference says little, the bright frame counts; where it is nearly clipped, the dark one; and what
    these lose by their masks, the reference gets.

    Args:
        frames: Radiance `(B, 3, H, W)` of the dark, the middle and the bright frame, in place.
        reference: Display values of the middle frame, `(B, 3, H, W)`.
        mask: `(B, 2, H, W)`, trust in the dark and in the bright frame.
    """
    clipped, black = (2 * reference - 1).clamp_min(0), (1 - 2 * reference).clamp_min(0)
    dark, bright = clipped * mask[:, :1], black * mask[:, 1:]
    middle = 1 - (2 * reference - 1).abs() + (clipped - dark) + (black - bright)
    weights = (dark, middle, bright)
    total = dark + middle + bright + EPSILON
    return sum(w * frame for w, frame in zip(weights, frames, strict=True)) / total


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """`(B, C, H, W)` to another height and width, bilinear between pixels."""
    return F.interpolate(image, list(size), mode="bilinear", align_corners=False)

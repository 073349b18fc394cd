"""The networks of Kim et al. 2020: recurrent-up and recurrent-down, each of a global, a local and a refinement one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from hdrgen.errors import InputError
from hdrgen.methods.deep_synth.blocks import (
    ConditionalInstanceNorm,
    DecoderLevel,
    EncoderLevel,
    RecurrentDecoderLevel,
    convolution,
)
from hdrgen.nn import ConvGRU

GLOBAL_CHANNELS = (32, 64, 128, 256, 512, 1024)
LOCAL_CHANNELS = (16, 32, 64, 128, 256)
REFINEMENT_CHANNELS = (16, 32, 64, 128, 256, 512)
GAMMA = 2.2
"""Of the response that is assumed where a network starts as gain."""
CONFIDENCE = 0.95
"""How near to 0 and 1 the base may come before its logit is taken: 2.5 % keep a gradient at black and at white."""
EDGE_GAIN = 6.0
"""Weight at which the edge network starts by copying the edges that it is given: the sigmoid of -3 and +3."""


class State(NamedTuple):
    """What is carried along the recursion: the states of the two bottlenecks, None before the first step."""

    tone: Tensor | None = None
    edges: Tensor | None = None

    def detached(self) -> State:
        """The same without its past."""
        return State(*(None if memory is None else memory.detach() for memory in self))


class Exposed(NamedTuple):
    """One step of the recursion.

    `tone`, the output of the global network, and `image`, that of the refinement network (or `tone` again where that
    is left out), are display values `(B, 3, H, W)`; `edges` `(B, 1, H, W)` lies in [0, 1].
    """

    tone: Tensor
    edges: Tensor
    image: Tensor
    state: State


class RecurrentUNet(nn.Module):
    """U-Net with a convolutional GRU in its bottleneck: `(B, in, H, W)` to features `(B, 2 channels[0], H, W)`.

    Args:
        in_channels: Of the input.
        channels: Of the stem and of each level.
        styles: Steps of the conditional normalisation.
        pool: Halves the image.
        upsampling: `bilinear` or `nearest`.
        normalise_encoder: Whether the encoder, too, is normalised by step.

    Raises:
        InputError: Fewer than two widths, or a width below 1.
    """

    def __init__(
        self,
        in_channels: int,
        channels: Sequence[int],
        styles: int,
        pool: nn.Module,
        upsampling: str,
        normalise_encoder: bool,
    ) -> None:
        super().__init__()
        _check_widths(channels)
        deepest = channels[-1]
        levels = list(pairwise(channels))
        self.stem = convolution(in_channels, channels[0])
        self.encoder = nn.ModuleList(EncoderLevel(i, o, pool, styles if normalise_encoder else 0) for i, o in levels)
        self.memory = ConvGRU(deepest)
        self.bottleneck = nn.Sequential(
            convolution(deepest, deepest), nn.SiLU(), convolution(deepest, deepest), nn.SiLU()
        )
        self.decoder = nn.ModuleList(RecurrentDecoderLevel(2 * i, o, styles, upsampling) for o, i in reversed(levels))

    def forward(self, image: Tensor, state: Tensor | None, style: int) -> tuple[Tensor, Tensor]:
        """Features, and the new state of the bottleneck."""
        stem = silu(self.stem(image))
        skips = [stem]
        for level in self.encoder:
            skips.append(level(skips[-1], style))
        state = self.memory(skips[-1], state)
        features = self.bottleneck(state)
        for level in self.decoder:
            features = level(torch.cat([features, skips.pop()], dim=1), style)
        return torch.cat([features, stem], dim=1), state


class GlobalNet(nn.Module):
    """Moves the tone of a whole image by one step; five levels."""

    def __init__(self, channels: Sequence[int], styles: int) -> None:
        super().__init__()
        self.unet = RecurrentUNet(3, channels, styles, nn.AvgPool2d(2), "bilinear", normalise_encoder=False)
        self.head = convolution(2 * channels[0], 3)

    def forward(self, image: Tensor, state: Tensor | None, style: int) -> tuple[Tensor, Tensor]:
        """The correction of `image` `(B, 3, H, W)` for `blend`, and the new state."""
        features, state = self.unet(2 * image - 1, state, style)
        return self.head(features), state


class LocalNet(nn.Module):
    """Predicts the edges of an image that is brighter or darker by one step; four levels."""

    def __init__(self, channels: Sequence[int], styles: int) -> None:
        super().__init__()
        self.unet = RecurrentUNet(2, channels, styles, nn.MaxPool2d(2), "nearest", normalise_encoder=True)
        self.reduce = convolution(2 * channels[0], 2)
        self.norm = ConditionalInstanceNorm(2, styles)
        self.head = convolution(4, 1)

    def forward(self, image: Tensor, edges: Tensor, state: Tensor | None, style: int) -> tuple[Tensor, Tensor]:
        """Edges `(B, 1, H, W)` in [0, 1] from `image` `(B, 3, H, W)` and its own `edges`, and the new state."""
        known = torch.cat([2 * image.mean(1, keepdim=True) - 1, edges.to(image)], dim=1)
        features, state = self.unet(known, state, style)
        reduced = silu(self.norm(self.reduce(features), style))
        return self.head(torch.cat([reduced, known.to(reduced)], dim=1)).float().sigmoid(), state


class RefinementNet(nn.Module):
    """Joins tone and edges; five levels, without memory and without knowledge of the step."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        _check_widths(channels)
        levels = list(pairwise(channels))
        self.stem = convolution(7, channels[0])
        self.encoder = nn.ModuleList(EncoderLevel(i, o, nn.AvgPool2d(2)) for i, o in levels)
        self.bottleneck = nn.Sequential(convolution(channels[-1], channels[-1]), nn.SiLU())
        self.decoder = nn.ModuleList(DecoderLevel(2 * i, o) for o, i in reversed(levels))
        self.head = convolution(2 * channels[0], 3)

    def forward(self, image: Tensor, tone: Tensor, edges: Tensor) -> Tensor:
        """The correction of `tone` `(B, 3, H, W)` for `blend`, from the source image, tone and edges `(B, 1, H, W)`."""
        stem = silu(self.stem(torch.cat([2 * image - 1, 2 * tone - 1, edges], dim=1)))
        skips = [stem]
        for level in self.encoder:
            skips.append(level(skips[-1]))
        features = self.bottleneck(skips[-1])
        for level in self.decoder:
            features = level(torch.cat([features, skips.pop()], dim=1))
        refined: Tensor = self.head(torch.cat([features, stem], dim=1))
        return refined


class RecurrentNetwork(nn.Module):
    """The recurrent-up or the recurrent-down network: one step of exposure, to be applied to its own output.

    Args:
        global_channels: Of the global network's stem and levels.
        local_channels: Of the local network's.
        refinement_channels: Of the refinement network's.
        styles: Steps that the conditional normalisation tells apart.
        gain: None starts at random, as the paper has it. A number starts as this gain on display values: the
            heads begin at zero and what they say is added to the image after the gain, see `blend`; the edges begin as
            those of the source.
        joint: False trains each of the three networks by its own loss alone: no gradient passes from one to another,
            nor along generated images.
    """

    def __init__(
        self,
        global_channels: Sequence[int] = GLOBAL_CHANNELS,
        local_channels: Sequence[int] = LOCAL_CHANNELS,
        refinement_channels: Sequence[int] = REFINEMENT_CHANNELS,
        styles: int = 6,
        gain: float | None = None,
        joint: bool = True,
    ) -> None:
        super().__init__()
        self.joint = joint
        self.tone = GlobalNet(global_channels, styles)
        self.edges = LocalNet(local_channels, styles)
        self.refinement = RefinementNet(refinement_channels)
        self.gain = gain
        if gain is not None:
            self._start_as_gain()
        self.multiple = 2 ** (max(len(global_channels), len(local_channels), len(refinement_channels)) - 1)

    @torch.no_grad()
    def _start_as_gain(self) -> None:
        for head in (self.tone.head, self.edges.head, self.refinement.head):
            for parameter in head.parameters():
                parameter.zero_()
        self.edges.head.weight[:, -1, 1, 1] = EDGE_GAIN
        self.edges.head.get_parameter("bias").fill_(-EDGE_GAIN / 2)

    def forward(self, image: Tensor, edges: Tensor, state: State, style: int, refine: bool = True) -> Exposed:
        """One step.

        Args:
            image: `(B, 3, H, W)`, display values in [0, 1]; both sides divide by `multiple`.
            edges: `(B, 1, H, W)`, of the image.
            state: Of the step before.
            style: Which step of the conditional normalisation.
            refine: False leaves out the refinement network.
        """
        if not self.joint:
            image, edges = image.detach(), edges.detach()
        correction, tone_state = self.tone(image, state.tone, style)
        base = image if self.gain is None else (self.gain * image).clamp_max(1)
        tone = blend(correction, base, self.gain is not None)
        outlines, edge_state = self.edges(image, edges, state.edges, style)
        refined = tone
        if refine:
            parts = (tone, outlines) if self.joint else (tone.detach(), outlines.detach())
            refined = blend(self.refinement(image, *parts), parts[0], self.gain is not None)
        return Exposed(tone, outlines, refined, State(tone_state, edge_state))


def blend(correction: Tensor, base: Tensor, relative: bool = False) -> Tensor:
    r"""The output of a network: :math:`rac12 (b + \sigma(2 c))`, display values in [0, 1], in float32.

    In [-1, 1] this is the mean of the base image b and tanh(c) of the authors' code; the paper does not say how the
    output is formed. With `relative`, c counts from the base, :math:`\sigma(2 c + \mathrm{logit}(b'))` for b drawn a
    little to the middle, :math:`b' = 0.95\, b + 0.025`, so that c = 0 is close to b and has a gradient everywhere.

    >>> blend(torch.zeros(1), torch.tensor([0.8])), blend(torch.zeros(1), torch.tensor([0.8]), relative=True)
    (tensor([0.6500]), tensor([0.7925]))
    """
    logit = 2 * correction.float()
    if relative:
        logit = logit + (CONFIDENCE * base + (1 - CONFIDENCE) / 2).logit()
    return (base + logit.sigmoid()) / 2


class DeepSynthNetwork(nn.Module):
    """Both directions (Kim et al. 2020, Fig. 1).

    Args:
        global_channels: See `RecurrentNetwork`.
        local_channels: See `RecurrentNetwork`.
        refinement_channels: See `RecurrentNetwork`.
        reach: Steps to either side of the middle exposure; twice as many transitions have a normalisation of their own.
        step: Size of a step in stops.
        gain_start: Whether each network starts as the gain of its step under a gamma of 2.2, instead of at random.
        joint: See `RecurrentNetwork`.
    """

    def __init__(
        self,
        global_channels: Sequence[int] = GLOBAL_CHANNELS,
        local_channels: Sequence[int] = LOCAL_CHANNELS,
        refinement_channels: Sequence[int] = REFINEMENT_CHANNELS,
        reach: int = 3,
        step: float = 1.0,
        gain_start: bool = False,
        joint: bool = True,
    ) -> None:
        super().__init__()
        self.reach = reach
        gain = 2 ** (step / GAMMA)
        shared = (global_channels, local_channels, refinement_channels, 2 * reach)
        self.up = RecurrentNetwork(*shared, gain if gain_start else None, joint)
        self.down = RecurrentNetwork(*shared, 1 / gain if gain_start else None, joint)
        self.multiple = self.up.multiple

    def join(self, joint: bool) -> None:
        """Whether gradients pass from one network to another from now on; see `RecurrentNetwork`."""
        self.up.joint = self.down.joint = joint

    def expose(
        self, source: int, target: int, image: Tensor, edges: Tensor, state: State, refine: bool = True
    ) -> Exposed:
        """Take an image from level `source` to its neighbour `target`; levels count steps from the middle exposure."""
        network = self.up if target > source else self.down
        style = min(source, target) + self.reach
        exposed: Exposed = network(image, edges, state, style, refine)
        return exposed


def _check_widths(channels: Sequence[int]) -> None:
    if len(channels) < 2 or min(channels) < 1:
        raise InputError(
            f"expected the widths of a stem and at least one level, each 1 or more, found {list(channels)}"
        )

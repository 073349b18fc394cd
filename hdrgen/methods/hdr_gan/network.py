"""Generator and discriminator of Niu et al. 2021, with the widths of their public code."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from hdrgen.errors import InputError
from hdrgen.methods.frames import FRAMES, REFERENCE

CHANNELS = (32, 64, 128)
"""Width of each scale of the generator, from fine to coarse."""
DISCRIMINATOR_CHANNELS = (64, 128, 128, 128)
"""Width of each layer of the discriminator but the last."""
MOST_SCALES = 8
"""Of the generator: eight halve an image of 256 pixels to one."""
DEVIATION_OF_CUT = 0.8796256610342398
"""Standard deviation of a standard normal that is cut at -2 and 2."""
WIDEST = 512
"""Channels of the three exposures together that a merging block takes as they are."""


def widths(channels: Sequence[int], scales: int | None) -> list[int]:
    """Widths of the first `scales` scales; those beyond the ones that are given are each twice as wide as the last.

    Raises:
        InputError: Fewer than two scales, more than eight, or one without channels.

    >>> widths((32, 64, 128), 4), widths((32, 64, 128), 2)
    ([32, 64, 128, 256], [32, 64])
    """
    count = len(channels) if scales is None else scales
    if not 2 <= count <= MOST_SCALES or not channels or min(channels) < 1:
        raise InputError(
            f"expected widths of 1 or more for 2 to {MOST_SCALES} scales, found {list(channels)} for {count}"
        )
    return [*channels[:count], *(channels[-1] * 2**more for more in range(1, count - len(channels) + 1))]


def convolution(
    inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, dilation: int = 1, norm: bool = True
) -> nn.Module:
    """A convolution that keeps the size or halves it: mirrored borders, He's initial weights, spectral norm."""
    padding = dilation * (kernel // 2)
    layer = started(nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, padding_mode="reflect"))
    return normalised(layer) if norm else layer


def started(layer: nn.Conv2d) -> nn.Conv2d:
    r"""The layer as the authors' code starts all of both networks: He's weights, and biases of 0.

    Normal of variance :math:`2 / n` for n inputs, cut at two deviations of the normal that it is cut from (Keras'
    `he_normal`).
    """
    deviation = math.sqrt(2 / layer.weight[0].numel()) / DEVIATION_OF_CUT
    nn.init.trunc_normal_(layer.weight, std=deviation, a=-2 * deviation, b=2 * deviation)
    nn.init.zeros_(layer.get_parameter("bias"))
    return layer


def normalised(layer: nn.Conv2d) -> nn.Module:
    """The layer with spectral norm: one power iteration in each pass of training (Miyato et al. 2018)."""
    # On the meta device parameters are counted, of which the norm has none; it takes torch a second for each layer.
    return layer if layer.weight.is_meta else spectral_norm(layer)


class ResidualUnit(nn.Module):
    """Two convolutions and a shortcut, 1 x 1 where the width changes. Maps `(B, C, H, W)` to `(B, out, H, W)`."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(convolution(inputs, outputs), nn.ReLU(), convolution(outputs, outputs))
        self.shortcut = nn.Identity() if inputs == outputs else convolution(inputs, outputs, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Run the unit."""
        return torch.relu(self.body(features) + self.shortcut(features))


class Encoder(nn.Module):
    """One exposure to features of every scale (Eq. 3): a residual unit each, strided convolutions between them."""

    def __init__(self, inputs: int, channels: Sequence[int]) -> None:
        super().__init__()
        widths = [inputs, *channels[:-1]]
        self.units = nn.ModuleList(ResidualUnit(i, o) for i, o in zip(widths, channels, strict=True))
        self.downs = nn.ModuleList(convolution(width, width, stride=2) for width in channels[:-1])

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features `(B, C_s, H / 2^s, W / 2^s)` of each scale s, from full resolution down."""
        scales = [self.units[0](image)]
        for down, unit in zip(self.downs, self.units[1:], strict=True):
            scales.append(unit(torch.relu(down(scales[-1]))))
        return scales


class MergingBlock(nn.Module):
    """Reference-based residual merging (Eq. 4): what the three exposures add to the features of the reference.

    Four convolutions, dilated by 2. Where the three exposures have more than 512 channels together, each is first
    reduced to a third of that, with a ReLU, as in the authors' code.

    Args:
        width: Channels of each exposure, and of the result.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.wide = FRAMES * width > WIDEST
        each = WIDEST // FRAMES if self.wide else width
        self.reduce = nn.ModuleList(convolution(width, each, 1) if self.wide else nn.Identity() for _ in range(FRAMES))
        layers: list[nn.Module] = [convolution(FRAMES * each, width, dilation=2)]
        for _ in range(3):
            layers += [nn.ReLU(), convolution(width, width, dilation=2)]
        self.body = nn.Sequential(*layers)

    def forward(self, exposures: Sequence[Tensor]) -> Tensor:
        """Merge the exposures' features, each `(B, C, H, W)`, into `(B, C, H, W)`."""
        reduced = [reduce(features) for reduce, features in zip(self.reduce, exposures, strict=True)]
        if self.wide:
            reduced = [torch.relu(features) for features in reduced]
        return torch.relu(self.body(torch.cat(reduced, 1)) + exposures[REFERENCE])


class PlainMerging(nn.Module):
    """What stands in place of a merging block in the ablation without: a 1 x 1 convolution to the same width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fuse = convolution(FRAMES * width, width, 1)

    def forward(self, exposures: Sequence[Tensor]) -> Tensor:
        """As `MergingBlock.forward`."""
        return torch.relu(self.fuse(torch.cat(list(exposures), 1)))


class Decoder(nn.Module):
    """One decoding block (Eq. 5): upsampling by nearest neighbour, and a residual unit over all that is concatenated.

    Args:
        below: Channels of the scale below.
        width: Channels of this scale.
        earlier: Decoding blocks of this scale on the auxiliary paths before this one.
    """

    def __init__(self, below: int, width: int, earlier: int) -> None:
        super().__init__()
        # The authors leave the spectral norm out here.
        self.up = nn.Sequential(nn.Upsample(scale_factor=2), convolution(below, width, norm=False), nn.ReLU())
        self.unit = ResidualUnit((3 + earlier) * width, width)

    def forward(self, below: Tensor, beside: Sequence[Tensor]) -> Tensor:
        """Decode the features of the scale below together with those of this one: merged, reference, earlier blocks."""
        decoded: Tensor = self.unit(torch.cat([self.up(below), *beside], 1))
        return decoded


class UpsamplingPath(nn.Module):
    """One upsampling path: a decoding block for each scale above the one it starts from.

    Args:
        channels: Width of each scale it passes, from full resolution down, and of the one it starts from.
        earlier: Paths before this one, whose decoded features it takes in.
    """

    def __init__(self, channels: Sequence[int], earlier: int) -> None:
        super().__init__()
        pairs = zip(channels[1:], channels[:-1], strict=True)
        self.blocks = nn.ModuleList(Decoder(below, width, earlier) for below, width in pairs)

    def forward(self, below: Sequence[Tensor], known: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """Decode each scale.

        Args:
            below: Features of each scale that the path before this one ended with, or the merged ones.
            known: What is concatenated at each scale.

        Returns:
            Features of each scale but the lowest of `below`.
        """
        return [block(below[scale + 1], known[scale]) for scale, block in enumerate(self.blocks)]


class Generator(nn.Module):
    """Three exposures to HDR images, one from each upsampling path, the best one last (Niu et al. 2021, Fig. 2).

    Path d starts at scale d and decodes up to full resolution; on the way it takes in the merged features, those of the
    reference, and what the shorter paths decoded at the same scale.

    Args:
        inputs: Channels of an exposure.
        channels: Width of each scale, from full resolution down.
        merging: False leaves the merging blocks out (Table II, "w/o Merging blocks").
        deep_supervision: False keeps only the last path's head.
        zero_heads: Heads that begin at 0, without spectral norm, which would keep them from it.

    Raises:
        InputError: Fewer than two scales, or one without channels.
    """

    def __init__(
        self,
        inputs: int = 6,
        channels: Sequence[int] = CHANNELS,
        merging: bool = True,
        deep_supervision: bool = True,
        zero_heads: bool = False,
    ) -> None:
        if len(channels) < 2 or min(channels) < 1:
            raise InputError(f"expected the widths of at least two scales, 1 or more each, found {list(channels)}")
        super().__init__()
        paths = len(channels) - 1
        self.multiple = 2**paths
        self.smallest = 3 * self.multiple
        self.encoders = nn.ModuleList(Encoder(inputs, channels) for _ in range(FRAMES))
        self.merge = nn.ModuleList((MergingBlock if merging else PlainMerging)(width) for width in channels)
        self.paths = nn.ModuleList(UpsamplingPath(channels[: paths - path + 1], path) for path in range(paths))
        heads = paths if deep_supervision else 1
        self.heads = nn.ModuleList(convolution(channels[0], 3, 1, norm=not zero_heads) for _ in range(heads))
        if zero_heads:
            for parameter in self.heads.parameters():
                nn.init.zeros_(parameter)

    def forward(self, exposures: Tensor, start: Tensor | None = None) -> list[Tensor]:
        """Merge.

        Args:
            exposures: `(B, 3, C, H, W)` in [-1, 1], dark to bright, the reference in the middle; H and W divide by
                `multiple` and are at least `smallest`.
            start: `(B, 3, H, W)` added to what the heads make; None adds nothing.

        Returns:
            One image `(B, 3, H, W)` in [-1, 1] from each head, float32.
        """
        encoded = [encoder(frame) for encoder, frame in zip(self.encoders, exposures.unbind(1), strict=True)]
        merged = [merge(scale) for merge, scale in zip(self.merge, zip(*encoded, strict=True), strict=True)]
        known = [[scale, reference] for scale, reference in zip(merged, encoded[REFERENCE], strict=True)]
        full: list[Tensor] = []
        below = merged
        for path in self.paths:
            below = path(below, known)
            for beside, decoded in zip(known, below, strict=False):
                beside.append(decoded)
            full.append(below[0])
        images = [head(features).float() for head, features in zip(self.heads, full[-len(self.heads) :], strict=True)]
        return [torch.tanh(image if start is None else image + start) for image in images]


class Discriminator(nn.Module):
    """PatchGAN of five convolutions 4 x 4, with Swish, after the authors' code. Maps `(B, 3, H, W)` to `(B, 1, h, w)`.

    Three are strided and four do not pad, so that images of 512 pixels give a map of 58.

    Args:
        channels: Width of each layer but the last.
    """

    def __init__(self, channels: Sequence[int] = DISCRIMINATOR_CHANNELS) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(zip([3, *channels[:-1]], channels, strict=True)):
            layers += [normalised(started(nn.Conv2d(inputs, outputs, 4, stride=2 if index < 3 else 1))), nn.SiLU()]
        layers.append(normalised(started(nn.Conv2d(channels[-1], 1, 4, padding=1, padding_mode="reflect"))))
        self.layers = nn.Sequential(*layers)
        self.smallest = 54

    def forward(self, image: Tensor) -> Tensor:
        """Judge tone-mapped images in [-1, 1].

        Raises:
            InputError: They are too small.
        """
        if min(image.shape[-2:]) < self.smallest:
            raise InputError(
                f"expected patches of at least {self.smallest} pixels for the discriminator, found"
                f" {image.shape[-1]} x {image.shape[-2]}; train on larger ones, or without it (adversarial_weight 0)"
            )
        judged: Tensor = self.layers(image)
        return judged

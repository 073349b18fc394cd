"""The networks of Lee, An and Kang 2018."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from hdrgen.nn import FoldedSequential

CHANNELS = (64, 128, 256, 512, 512)
"""Width of each level of the generator."""
DISCRIMINATOR_CHANNELS = (64, 128, 256, 512, 512)
"""Width of each layer of the discriminator but the last."""
DROPPED = 3
"""Levels of the decoder, from the bottom up, that have dropout."""


class MirroredPReLU(nn.PReLU):
    """PReLU turned by half a turn, :math:`-PReLU(-x)`: bounds what is large, where PReLU bounds what is small."""

    def forward(self, features: Tensor) -> Tensor:
        """Apply it."""
        return -super().forward(-features)


class Generator(nn.Module):
    """U-Net that makes an image one step brighter, or darker.

    Args:
        channels: Width of each level, from half the resolution down.
        brighter: Whether it makes brighter images, with PReLU, or darker ones, with its mirror image.
        dropout: Of the deepest three levels of the decoder, in training.
    """

    def __init__(self, channels: Sequence[int] = CHANNELS, brighter: bool = True, dropout: float = 0.5) -> None:
        super().__init__()
        activation = nn.PReLU if brighter else MirroredPReLU
        self.multiple = 2 ** len(channels)
        first = nn.Sequential(nn.Conv2d(3, channels[0], 4, 2, 1), activation())
        self.encoder = nn.ModuleList([first])
        for above, width in pairwise(channels):
            convolution = nn.Conv2d(above, width, 4, 2, 1, bias=False)
            self.encoder.append(FoldedSequential(convolution, nn.BatchNorm2d(width), activation()))
        self.decoder = nn.ModuleList()
        outs = [*channels[-2::-1], 3]
        ins = [channels[-1], *(2 * width for width in outs[:-1])]
        for level, (below, width) in enumerate(zip(ins, outs, strict=True)):
            convolution = nn.Conv2d(below, width, 3, padding=1, bias=False)
            layers = [nn.Upsample(scale_factor=2), convolution, nn.BatchNorm2d(width), activation()]
            self.decoder.append(FoldedSequential(*layers, *[nn.Dropout(dropout)] * (level < DROPPED)))
        self.output = nn.Sequential(nn.Conv2d(6, 3, 3, padding=1, bias=False), nn.Tanh())

    def forward(self, image: Tensor) -> Tensor:
        """The image one step away `(B, 3, H, W)` of `image` `(B, 3, H, W)`, both in [-1, 1].

        Both sides divide by `multiple`.
        """
        skips, features = [image], image
        for level in self.encoder:
            features = level(features)
            skips.append(features)
        skips.pop()
        for level in self.decoder:
            features = torch.cat([level(features), skips.pop()], 1)
        made: Tensor = self.output(features)
        return made


class Discriminator(nn.Module):
    """Says of each patch of an image, seen beside the image it was made from, whether it is real.

    Args:
        channels: Width of each layer but the last.
    """

    def __init__(self, channels: Sequence[int] = DISCRIMINATOR_CHANNELS) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for index, (above, width) in enumerate(pairwise([6, *channels])):
            stride = 1 if index == len(channels) - 1 else 2
            layers += [nn.Conv2d(above, width, 4, stride, 1)]
            layers += [nn.BatchNorm2d(width)] if index else []
            layers += [nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, 1, 1), nn.Sigmoid())

    def forward(self, pair: Tensor) -> Tensor:
        """Verdicts `(B, 1, h, w)` between 0 and 1 on pairs of images `(B, 6, H, W)` in [-1, 1]."""
        verdict: Tensor = self.layers(pair)
        return verdict

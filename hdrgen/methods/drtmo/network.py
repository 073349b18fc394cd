"""The network of Endo et al. 2017: a photograph in two dimensions, its exposures in three."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

CHANNELS = (64, 128, 256, 512, 512, 512, 512, 512, 512)
"""Width of each level of the encoder."""
EPS = 2e-5
"""Of the normalisations, as Chainer has it."""
DROPPED = 3
"""Levels of the decoder, from the bottom up, that have dropout."""


class LoneBatchNorm(nn.BatchNorm2d):
    """Batch normalisation that may meet a single value of each channel, of which its shift alone is left.

    At the paper's size the deepest level has one pixel and a batch one photograph. What never saw more gives its shift
    in use as in training.
    """

    def forward(self, features: Tensor) -> Tensor:
        """Normalise `(B, C, H, W)`."""
        shift = self.bias[:, None, None]
        if self.training and features.numel() == features.shape[1]:
            # Everything has a gradient, which is zero: processes that train together wait for all of them.
            return (features - features) * self.weight[:, None, None] + shift
        normalised: Tensor = super().forward(features)
        assert self.num_batches_tracked is not None
        return normalised if self.training else torch.where(self.num_batches_tracked > 0, normalised, shift)


class Deconvolution(nn.ConvTranspose3d):
    """Transposed convolution, on a CPU in the precision of its weights.

    In bfloat16 torch 2.13 leaves gradients of such kernels there that are no numbers.
    """

    def forward(self, features: Tensor) -> Tensor:  # type: ignore[override]
        """Convolve `(B, C, D, H, W)`."""
        if features.device.type != "cpu":
            found: Tensor = super().forward(features)
            return found
        with torch.autocast("cpu", enabled=False):
            return super().forward(features.to(self.weight.dtype))


class ExposureNetwork(nn.Module):
    """Makes the exposures that follow one another to one side of a photograph, ever brighter or ever darker.

    A U-Net whose encoder convolves in two dimensions and whose decoder in three, of which the first is the exposure;
    what the encoder hands over is the same for all exposures. The photograph is added before the last sigmoid.

    Args:
        channels: Width of each level, from half the resolution down.
        doublings: Levels of the decoder, from the bottom up, that double the number of exposures.
        dropout: Of the deepest three levels of the decoder, in training.

    Attributes:
        multiple: Both sides of a photograph divide by it.
        exposures: How many are made.
    """

    def __init__(self, channels: Sequence[int] = CHANNELS, doublings: int = 3, dropout: float = 0.5) -> None:
        super().__init__()
        self.multiple = 2 ** len(channels)
        self.exposures = 2**doublings
        self.encoder = nn.ModuleList([nn.Sequential(nn.Conv2d(3, channels[0], 4, 2, 1), nn.LeakyReLU(0.2))])
        for level, (above, width) in enumerate(pairwise(channels), 2):
            norm = LoneBatchNorm if level == len(channels) else nn.BatchNorm2d
            layers = [nn.Conv2d(above, width, 4, 2, 1), norm(width, EPS), nn.LeakyReLU(0.2)]
            self.encoder.append(nn.Sequential(*layers))
        outs = [*channels[-2::-1], 3]
        ins = [channels[-1], *(2 * width for width in outs[:-1])]
        self.decoder = nn.ModuleList()
        for level, (below, width) in enumerate(zip(ins, outs, strict=True)):
            doubles = level < doublings
            kernel, stride = ((4, 4, 4), (2, 2, 2)) if doubles else ((3, 4, 4), (1, 2, 2))
            deconvolution = Deconvolution(below, width, kernel, stride, 1)
            last = level == len(outs) - 1
            rest = [] if last else [nn.BatchNorm3d(width, EPS), *[nn.Dropout(dropout)] * (level < DROPPED), nn.ReLU()]
            self.decoder.append(nn.Sequential(deconvolution, *rest))
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, image: Tensor) -> Tensor:
        """The exposures `(B, exposures, 3, H, W)` of `image` `(B, 3, H, W)`, all in [0, 1], the nearest first.

        Both sides divide by `multiple`.
        """
        skips, features = [], image
        for level in self.encoder:
            features = level(features)
            skips.append(features)
        features = skips.pop()[:, :, None]
        for level in self.decoder:
            features = level(features)
            if skips:
                skip = skips.pop()[:, :, None]
                features = torch.cat([features, skip.expand(-1, -1, features.shape[2], -1, -1)], 1)
        return torch.sigmoid(features + image[:, :, None]).transpose(1, 2)

"""The seven-level U-Net of Le et al. (2023), with sub-pixel upsampling."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.nn.folding import FoldedSequential
from hdrgen.nn.mish import Mish


class ConvBlock(FoldedSequential):
    """Twice: convolution 3 x 3 without bias, batch normalisation, Mish. Maps `(B, C, H, W)` to `(B, out, H, W)`."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers += [
                nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(out_channels),
                Mish(),
            ]
        super().__init__(*layers)


class SubPixelUp(FoldedSequential):
    """Upsampling by two through a 1 x 1 convolution and a pixel shuffle. Maps `(B, C, H, W)` to `(B, C, 2H, 2W)`.

    The four sub-pixels of a channel start with equal weights (ICNR, Aitken et al. 2017), so that an untrained network
    upsamples by nearest neighbour and shows no checkerboard.
    """

    def __init__(self, channels: int) -> None:
        convolution = nn.Conv2d(channels, 4 * channels, 1, bias=False)
        icnr_(convolution.weight, scale=2)
        super().__init__(convolution, nn.BatchNorm2d(4 * channels), Mish(), nn.PixelShuffle(upscale_factor=2))


@torch.no_grad()
def icnr_(weight: Tensor, scale: int) -> Tensor:
    """Initialise `weight` `(scale^2 C, in, k, k)` in place so that each group of `scale^2` filters is equal.

    Source: Aitken et al., "Checkerboard artifact free sub-pixel convolution", 2017.
    """
    kernel = torch.empty_like(weight[:: scale**2])
    nn.init.kaiming_normal_(kernel)
    return weight.copy_(kernel.repeat_interleave(scale**2, dim=0))


class UNet(nn.Module):
    """U-Net whose decoder mirrors its encoder. Maps `(B, in, H, W)` to features `(B, channels[0], H, W)`.

    Each level but the first halves the image by max pooling; the decoder upsamples (`SubPixelUp`), concatenates the
    skip connection and convolves. Both sides of the image must divide by `multiple`.

    Args:
        in_channels: Channels of the image.
        channels: Width of each level, from full resolution down.

    Raises:
        InputError: Fewer than two levels, or a level without channels.
    """

    def __init__(self, in_channels: int, channels: Sequence[int]) -> None:
        if len(channels) < 2 or min(channels) < 1:
            raise InputError(f"expected the widths of at least two levels, 1 or more each, found {list(channels)}")
        super().__init__()
        self.multiple = 2 ** (len(channels) - 1)
        inputs = [in_channels, *channels[:-1]]
        self.encoder = nn.ModuleList(ConvBlock(i, o) for i, o in zip(inputs, channels, strict=True))
        self.pool = nn.MaxPool2d(2)
        # From the bottom up. Each level hands on the width of the skip connection that it meets one level higher.
        skips = list(channels[-2::-1])
        outs = [*skips[1:], channels[0]]
        ups = [channels[-1], *outs[:-1]]
        self.up = nn.ModuleList(SubPixelUp(width) for width in ups)
        self.decoder = nn.ModuleList(ConvBlock(u + s, o) for u, s, o in zip(ups, skips, outs, strict=True))

    def forward(self, image: Tensor) -> Tensor:
        """Run the network."""
        skips: list[Tensor] = []
        features = image
        for level, block in enumerate(self.encoder):
            features = block(features if level == 0 else self.pool(features))
            skips.append(features)
        skips.pop()
        for up, block in zip(self.up, self.decoder, strict=True):
            features = block(torch.cat([skips.pop(), up(features)], dim=1))
        return features

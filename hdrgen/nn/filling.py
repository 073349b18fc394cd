"""What fills in over-exposed parts: the network of Eilertsen et al. 2017, of which Liu et al. 2020 use a variant."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hdrgen.nn.folding import FoldedSequential
from hdrgen.nn.vgg import VGG_CHANNELS, VGGEncoder, load_vgg16

CODES = 255.0
"""Of 8 bits: the encoder counts display values so, as Caffe's VGG does."""
LOG_FLOOR = 1 / CODES
"""Added to radiance before its logarithm."""
CAFFE_MEAN = (103.939, 116.779, 123.68)
"""Of the codes of blue, green and red, taken off before the encoder."""


class FillingNetwork(nn.Module):
    r"""U-Net with VGG-16's convolutions as encoder, whose skip connections go over into the domain of its output.

    At its start every fusion of a skip connection is a sum, so that with `log_skips` the output is
    :math:`\log(x^2 + 1/255)` plus what the decoder adds. The output makes no bounds.

    Args:
        channels: Width of each block of the encoder, from full resolution down.
        log_skips: Whether a feature s becomes :math:`\log((s/255)^2 + 1/255)` in its skip connection (HDRCNN), or s/255
            (SingleHDR).
        resized: Whether the decoder enlarges by nearest neighbour before a convolution, to spare a chequered pattern
            (SingleHDR), or by a transposed convolution (HDRCNN).
    """

    def __init__(self, channels: Sequence[int] = VGG_CHANNELS, log_skips: bool = True, resized: bool = False) -> None:
        super().__init__()
        self.log_skips = log_skips
        self.encoder = VGGEncoder(channels, normalised=False)
        self.multiple = self.encoder.multiple
        last = channels[-1]
        self.bottleneck = FoldedSequential(nn.Conv2d(last, last, 3, padding=1), nn.BatchNorm2d(last), nn.ReLU())
        up = _resized if resized else _transposed
        skips = list(channels[::-1])
        self.ups = nn.ModuleList(up(below, width) for below, width in zip([last, *skips], skips, strict=False))
        self.fusions = nn.ModuleList(_sum(width) for width in skips)
        head = nn.Conv2d(channels[0], 3, 1)
        nn.init.xavier_normal_(head.weight)
        self.head = FoldedSequential(head, nn.BatchNorm2d(3), nn.ReLU())
        self.last_fusion = _sum(3)

    def forward(self, image: Tensor) -> Tensor:
        """The output `(B, 3, H, W)` of `image` `(B, 3, H, W)` in [0, 1], whose sides divide by `multiple`."""
        codes = CODES * image
        *skips, features = self.encoder(codes.flip(1) - codes.new_tensor(CAFFE_MEAN).view(3, 1, 1))
        features = self.bottleneck(features)
        for up, fuse, skip in zip(self.ups, self.fusions, reversed(skips), strict=True):
            features = fuse(torch.cat([up(features), self._domain(skip)], 1))
        output: Tensor = self.last_fusion(torch.cat([self.head(features), self._domain(codes)], 1))
        return output

    def _domain(self, features: Tensor) -> Tensor:
        if not self.log_skips:
            return features / CODES
        return ((features.float() / CODES).square() + LOG_FLOOR).log()

    def load_encoder(self, weights: str | Path | None = None) -> None:
        """Start the encoder from torchvision's VGG-16, which saw other numbers than it: see `as_for_codes_`.

        Raises:
            InputError: There are no weights to be had, or the encoder has other widths than VGG.
        """
        load_vgg16(self.encoder, weights)
        as_for_codes_(self.encoder)


def blend_weight(image: Tensor, threshold: float) -> Tensor:
    r"""How far a pixel is over-exposed, :math:`\alpha = \mathrm{clip}((\max_c x_c - 1 + \tau) / \tau, 0, 1)`.

    Args:
        image: `(B, 3, H, W)`, 1 where it clips.
        threshold: tau.

    Returns:
        `(B, 1, H, W)`.

    Source: Eilertsen et al. 2017, Eq. 2.

    >>> round(blend_weight(torch.tensor([0.2, 0.975, 0.3]).view(1, 3, 1, 1), 0.05).item(), 4)
    0.5
    """
    return ((image.amax(1, keepdim=True) - 1 + threshold) / threshold).clamp(0, 1)


@torch.no_grad()
def as_for_codes_(encoder: VGGEncoder) -> None:
    """Change the weights of torchvision's VGG-16 in place so that it gives Caffe's features of Caffe's input.

    torchvision's network takes RGB in [0, 1], less ImageNet's mean and over its deviation; this one codes of 8 bits, as
    BGR less their mean. Codes are larger by 255 times the deviation, about 57: ReLU, pooling and convolutions pass such
    a factor on, so that with all biases larger by it the features are the same but for it. The skip connections need
    it, since they count features in codes.
    """
    convolutions = [layer for layer in encoder.features if isinstance(layer, nn.Conv2d)]
    first = convolutions[0]
    mean, deviation = first.weight.new_tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]])
    factor = CODES * deviation.mean()
    weight = first.weight / (CODES * deviation.view(3, 1, 1))
    shift = (first.weight.new_tensor(CAFFE_MEAN).flip(0) - CODES * mean).view(3, 1, 1)
    assert first.bias is not None
    first.bias += (weight * shift).sum((1, 2, 3))
    first.weight.copy_(factor * weight.flip(1))
    for layer in convolutions:
        assert layer.bias is not None
        layer.bias *= factor


def _transposed(in_channels: int, out_channels: int) -> nn.Sequential:
    up = nn.ConvTranspose2d(in_channels, out_channels, 4, stride=2, padding=1)
    bilinear = torch.tensor([0.25, 0.75, 0.75, 0.25])
    with torch.no_grad():
        up.weight.zero_()
        for channel in range(min(in_channels, out_channels)):
            up.weight[channel, channel] = bilinear[:, None] * bilinear
        nn.init.zeros_(up.bias)  # type: ignore[arg-type]
    return nn.Sequential(up, nn.BatchNorm2d(out_channels), nn.ReLU())


def _resized(in_channels: int, out_channels: int) -> nn.Sequential:
    """The activation stands before and after the normalisation, as in SingleHDR's code."""
    convolution = nn.Conv2d(in_channels, out_channels, 3, padding=1, padding_mode="reflect")
    return nn.Sequential(nn.Upsample(scale_factor=2), convolution, nn.ReLU(), nn.BatchNorm2d(out_channels), nn.ReLU())


def _sum(channels: int) -> nn.Conv2d:
    """A 1 x 1 convolution of two maps of `channels` each, which starts as their sum."""
    fusion = nn.Conv2d(2 * channels, channels, 1)
    with torch.no_grad():
        fusion.weight.copy_(torch.eye(channels).repeat(1, 2)[..., None, None])
        nn.init.zeros_(fusion.bias)  # type: ignore[arg-type]
    return fusion

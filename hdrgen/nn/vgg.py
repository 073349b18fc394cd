"""Convolutional trunks of VGG (Simonyan and Zisserman 2015) with torchvision's weight names.

torchvision itself is not needed: it cannot be imported beside a CPU-only torch. Its published weight files load here.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.nn.folding import outputs_of
from hdrgen.weights import load_imagenet

_CONVOLUTIONS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # per block
VGG_CHANNELS = (64, 128, 256, 512, 512)
"""Width of each block of every VGG."""
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of display values in [0, 1], RGB; what trunks trained on ImageNet subtract and divide by."""


class VGGFeatures(nn.Module):
    """Named feature maps of a frozen VGG trunk, built only as deep as the deepest name needs.

    Args:
        depth: 16 or 19.
        layers: Names such as `pool3` or `relu4_4`.

    Raises:
        ValueError: If the depth is unknown, or no such layer exists.

    >>> [tuple(f.shape) for f in VGGFeatures(19, ["pool1", "relu2_2"])(torch.zeros(1, 3, 32, 32))]
    [(1, 64, 16, 16), (1, 128, 16, 16)]
    """

    mean: Tensor
    std: Tensor

    def __init__(self, depth: int, layers: Sequence[str]) -> None:
        super().__init__()
        modules, names = _trunk(depth, VGG_CHANNELS)
        unknown = sorted(set(layers) - set(names))
        if unknown:
            raise ValueError(f"VGG-{depth} has no layer {unknown}; it has {sorted(names)}")
        self.taps = [names[layer] for layer in layers]
        self.features = nn.Sequential(*modules[: max(self.taps) + 1]).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of `image` `(B, 3, H, W)`, display values in [0, 1], one per requested layer."""
        return _tapped(self.features, (image - self.mean) / self.std, self.taps)


class VGGEncoder(nn.Module):
    """The first blocks of VGG-16, to be trained: an encoder for a U-Net.

    With the first widths of `VGG_CHANNELS`, ImageNet's weights fit, see `load_vgg16`.

    Args:
        channels: Width of each block, one to five of them.
        normalised: Whether every convolution is followed by batch normalisation.

    Raises:
        InputError: If there are no blocks, more than five, or one without channels.

    >>> [tuple(f.shape) for f in VGGEncoder((4, 8))(torch.zeros(1, 3, 16, 16))]
    [(1, 4, 16, 16), (1, 8, 8, 8), (1, 8, 4, 4)]
    """

    def __init__(self, channels: Sequence[int] = VGG_CHANNELS[:3], normalised: bool = True) -> None:
        if not 1 <= len(channels) <= len(VGG_CHANNELS) or min(channels) < 1:
            raise InputError(f"expected the widths of one to five VGG blocks, 1 or more each, found {list(channels)}")
        super().__init__()
        modules, names = _trunk(16, channels, normalised)
        last_relus = [f"relu{block}_{count}" for block, count in enumerate(_CONVOLUTIONS[16][: len(channels)], 1)]
        self.channels = tuple(channels)
        self.normalised = normalised
        self.multiple = 2 ** len(channels)
        self.taps = [names[name] for name in (*last_relus, f"pool{len(channels)}")]
        self.features = nn.Sequential(*modules)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features of `image` `(B, 3, H, W)`: of each block before its pooling, and of the last one after it."""
        return _tapped(self.features, image, self.taps)


def _tapped(modules: Iterable[nn.Module], features: Tensor, taps: Sequence[int]) -> list[Tensor]:
    tapped: dict[int, Tensor] = {}
    for index, output in outputs_of(modules, features):
        if index in taps:
            tapped[index] = output
    return [tapped[tap] for tap in taps]


def _trunk(depth: int, widths: Sequence[int], normalised: bool = False) -> tuple[list[nn.Module], dict[str, int]]:
    """The modules in torchvision's order, a block for each width, and the position of each named layer."""
    if depth not in _CONVOLUTIONS:
        raise ValueError(f"VGG comes with depth {sorted(_CONVOLUTIONS)}, not {depth}")
    modules: list[nn.Module] = []
    names: dict[str, int] = {}
    channels = 3
    for block, (count, width) in enumerate(zip(_CONVOLUTIONS[depth], widths, strict=False), 1):
        for position in range(1, count + 1):
            modules.append(nn.Conv2d(channels, width, 3, padding=1))
            modules += [nn.BatchNorm2d(width)] if normalised else []
            # What this overwrites, a convolution's or a normalisation's output, nobody holds, and no gradient needs.
            modules.append(nn.ReLU(inplace=True))
            names[f"relu{block}_{position}"] = len(modules) - 1
            channels = width
        modules.append(nn.MaxPool2d(2))
        names[f"pool{block}"] = len(modules) - 1
    return modules, names


def pretrained_vgg(depth: int, layers: Sequence[str], weights: str | Path | None = None) -> VGGFeatures:
    """A trunk with ImageNet weights, in evaluation mode.

    The weights come from the file `weights`, or from torch.hub's cache, or are downloaded into that cache.

    Raises:
        InputError: If none of the three has them. The features are never silently random.
    """
    trunk = VGGFeatures(depth, layers)
    load_imagenet(
        trunk,
        f"vgg{depth}",
        weights,
        "the perceptual loss needs ImageNet weights of VGG",
        "pass perceptual_weights=FILE, or set perceptual_weight=0",
        argument="perceptual_weights",
    )
    return trunk.eval()


def load_vgg16(encoder: VGGEncoder, weights: str | Path | None = None) -> None:
    """Load ImageNet weights into `encoder`, by the same rule as `pretrained_vgg`.

    Raises:
        InputError: If there are no weights to be had, or the encoder has other widths than VGG.
    """
    name = "vgg16_bn" if encoder.normalised else "vgg16"
    widths = list(VGG_CHANNELS[: len(encoder.channels)])
    if list(encoder.channels) != widths:
        raise InputError(
            f"expected an encoder of the widths {widths} for the ImageNet weights of {name}, found"
            f" {list(encoder.channels)}; start at random with pretrained=False",
            argument="pretrained",
        )
    load_imagenet(
        encoder,
        name,
        weights,
        "the encoder starts from ImageNet weights of VGG",
        "pass encoder_weights=FILE, or start at random with pretrained=False",
        argument="encoder_weights",
    )

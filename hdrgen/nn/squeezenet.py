"""The convolutional trunk of SqueezeNet 1.1 (Iandola et al. 2016) with torchvision's weight names."""

import torch
from torch import Tensor, nn

from hdrgen.nn.vgg import IMAGENET_MEAN, IMAGENET_STD

_POOLED = (2, 5, 8)  # positions of the poolings among torchvision's `features`
SQUEEZENET_CHANNELS = (64, 128, 256, 384, 384, 512, 512)
"""Width of each of the seven feature maps that LPIPS compares."""
SQUEEZENET_TAPS = (1, 4, 7, 9, 10, 11, 12)
"""Their positions among torchvision's `features`."""


class Fire(nn.Module):
    """A 1 x 1 convolution to few channels, and a 1 x 1 and a 3 x 3 one from there to many, side by side.

    Args:
        channels: Of the input.
        squeezed: In between.
        expanded: Of each of the two outputs.
    """

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        """`(B, C, H, W)` to `(B, 2 expanded, H, W)`."""
        few = self.squeeze(features).relu()
        return torch.cat([self.expand1x1(few), self.expand3x3(few)], 1).relu()


class SqueezeNetFeatures(nn.Module):
    """The seven feature maps of a frozen SqueezeNet 1.1 that LPIPS compares.

    >>> [tuple(f.shape) for f in SqueezeNetFeatures()(torch.zeros(1, 3, 63, 63))][:2]
    [(1, 64, 31, 31), (1, 128, 15, 15)]
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        fires = [(64, 16, 64), (128, 16, 64), (128, 32, 128), (256, 32, 128), (256, 48, 192), (384, 48, 192)]
        modules: list[nn.Module] = [nn.Conv2d(3, 64, 3, stride=2), nn.ReLU()]
        for sizes in [*fires, (384, 64, 256), (512, 64, 256)]:
            if len(modules) in _POOLED:
                modules.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
            modules.append(Fire(*sizes))
        self.features = nn.Sequential(*modules).requires_grad_(False)
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Feature maps of `image` `(B, 3, H, W)`, display values in [0, 1]."""
        features, maps = (image - self.mean) / self.std, []
        for index, module in enumerate(self.features):
            features = module(features)
            if index in SQUEEZENET_TAPS:
                maps.append(features)
        return maps

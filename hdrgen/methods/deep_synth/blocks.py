"""What the U-Nets of Kim et al. 2020 are built of."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, silu

from hdrgen.tiling import group_norm


class ConditionalInstanceNorm(nn.Module):
    """Instance normalisation with a scale and a shift of its own for each step of the recursion.

    Source: Ulyanov et al. 2016; one affine map per condition as in Dumoulin et al., "A learned representation for
    artistic style", 2017. The paper says only that the networks "adaptively respond to the number of recursions"; this
    is how the authors' code does it, and all that the networks know about the exposure.

    Args:
        channels: Of the features.
        styles: Number of steps.
    """

    def __init__(self, channels: int, styles: int) -> None:
        super().__init__()
        # One table, not a module per step: with several processes, every parameter must have a gradient each time.
        self.scale = nn.Parameter(torch.ones(styles, channels))
        self.shift = nn.Parameter(torch.zeros(styles, channels))

    def forward(self, features: Tensor, style: int) -> Tensor:
        """Normalise `(B, C, H, W)` in float32 and map it as step `style` does."""
        return group_norm(features, features.shape[1], self.scale[style], self.shift[style])


def convolution(in_channels: int, out_channels: int, kernel: int = 3) -> nn.Conv2d:
    """A convolution that keeps the size of the image."""
    return nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2)


class EncoderLevel(nn.Module):
    """Two convolutions with Swish, and pooling by two: `(B, in, H, W)` to `(B, out, H/2, W/2)`.

    Args:
        in_channels: Of the input.
        out_channels: Of the output.
        pool: Halves the image.
        styles: Steps of the conditional normalisation after the second convolution; 0 leaves it out.
    """

    def __init__(self, in_channels: int, out_channels: int, pool: nn.Module, styles: int = 0) -> None:
        super().__init__()
        self.first = convolution(in_channels, out_channels)
        self.second = convolution(out_channels, out_channels)
        self.norm = ConditionalInstanceNorm(out_channels, styles) if styles else None
        self.pool = pool

    def forward(self, features: Tensor, style: int = 0) -> Tensor:
        """Run the level."""
        features = self.second(silu(self.first(features)))
        pooled: Tensor = self.pool(silu(features if self.norm is None else self.norm(features, style)))
        return pooled


class RecurrentDecoderLevel(nn.Module):
    """Fuse features with the encoder's, double the image, convolve: `(B, in, H, W)` to `(B, out, 2H, 2W)`.

    Args:
        in_channels: Of both inputs together.
        out_channels: Of the output.
        styles: Steps of the conditional normalisation.
        upsampling: `bilinear` or `nearest`.
    """

    def __init__(self, in_channels: int, out_channels: int, styles: int, upsampling: str) -> None:
        super().__init__()
        self.fuse = convolution(in_channels, out_channels, kernel=1)
        self.convolve = convolution(out_channels, out_channels)
        self.norm = ConditionalInstanceNorm(out_channels, styles)
        self.upsampling = upsampling

    def forward(self, features: Tensor, style: int) -> Tensor:
        """Run the level."""
        # A 1 x 1 convolution and an interpolation can change places; at the small size it costs a quarter.
        features = silu(interpolate(self.fuse(features), scale_factor=2, mode=self.upsampling))
        return silu(self.norm(self.convolve(features), style))


class DecoderLevel(nn.Module):
    """Double the image bilinearly, convolve twice, normalise: `(B, in, H, W)` to `(B, out, 2H, 2W)`."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = convolution(in_channels, out_channels)
        self.second = convolution(out_channels, out_channels)
        self.norm = nn.InstanceNorm2d(out_channels, affine=True)

    def forward(self, features: Tensor) -> Tensor:
        """Run the level."""
        features = silu(self.first(interpolate(features, scale_factor=2, mode="bilinear")))
        features = self.second(features)
        return silu(group_norm(features, features.shape[1], self.norm.weight, self.norm.bias))

"""The three networks of Le et al. 2023: HDR Encoding Net N1, Up-Exposure Net N2, Down-Exposure Net N3."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hdrgen.nn import UNet

ENCODER_CHANNELS = (16, 32, 64, 128, 256, 256, 256)
EXPOSURE_CHANNELS = (32, 64, 128, 256, 512, 512, 512)


class HDREncodingNet(nn.Module):
    """N1: an image to the latent sensor exposure X (Eq. 1).

    The paper does not say how the output is formed. As in the authors' code, the network adds a correction in [-1, 1]
    to the image and what falls below zero is cut: `X = relu(I + tanh(head(U-Net(I * mask))))`. With `residual=False`
    the network makes X alone: `relu(tanh(...))`.

    Args:
        channels: Width of each level.
        residual: Whether the image is added.
    """

    def __init__(self, channels: Sequence[int] = ENCODER_CHANNELS, residual: bool = True) -> None:
        super().__init__()
        self.unet = UNet(3, channels)
        self.head = nn.Conv2d(channels[0], 3, 1)
        self.residual = residual

    def forward(self, image: Tensor, masked: Tensor) -> Tensor:
        """Latent exposure `(B, 3, H, W)`, not negative, of `image`, display values; the network sees `masked`."""
        correction = torch.tanh(self.head(self.unet(masked)).float())
        return torch.relu(image + correction if self.residual else correction)


class ExposureNet(nn.Module):
    """N2 or N3: scaled latent exposure `(B, 3, H, W)` to an image in display values, `(B, 3, H, W)` in [0, 1]."""

    def __init__(self, channels: Sequence[int] = EXPOSURE_CHANNELS) -> None:
        super().__init__()
        self.unet = UNet(3, channels)
        self.head = nn.Conv2d(3 + channels[0], 3, 1)

    def forward(self, latent: Tensor) -> Tensor:
        """Generate the image; the head sees the network's input beside its features."""
        features = self.unet(latent)
        return 0.5 * torch.tanh(self.head(torch.cat([latent.to(features.dtype), features], dim=1)).float()) + 0.5


class MultiExposureNetwork(nn.Module):
    """N1, N2 and N3 together (Le et al. 2023, Fig. 3).

    Args:
        encoder_channels: Widths of N1.
        exposure_channels: Widths of N2 and N3.
        two_exposure_nets: False makes one network serve both directions (ablation, Table 4).
        residual: See `HDREncodingNet`.
        identity_start: Start as plain gain, `X = I` and `image = 0.5 tanh(2 ratio X - 1) + 0.5`, instead of at random:
            the heads' weights are zero but for the pass of X. The paper is silent; short trainings need it.
    """

    def __init__(
        self,
        encoder_channels: Sequence[int] = ENCODER_CHANNELS,
        exposure_channels: Sequence[int] = EXPOSURE_CHANNELS,
        two_exposure_nets: bool = True,
        residual: bool = True,
        identity_start: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = HDREncodingNet(encoder_channels, residual)
        self.up = ExposureNet(exposure_channels)
        self.down = ExposureNet(exposure_channels) if two_exposure_nets else self.up
        if identity_start:
            self._start_as_gain()
        self.multiple = max(self.encoder.unet.multiple, self.up.unet.multiple)

    @torch.no_grad()
    def _start_as_gain(self) -> None:
        for parameter in self.encoder.head.parameters():
            parameter.zero_()
        for net in (self.up, self.down):
            net.head.weight.zero_()[:, :3, 0, 0] = 2 * torch.eye(3)
            net.head.get_parameter("bias").fill_(-1.0)

    def encode(self, image: Tensor, masked: Tensor) -> Tensor:
        """Latent exposure of `image`, see `HDREncodingNet`."""
        latent: Tensor = self.encoder(image, masked)
        return latent

    def expose(self, latent: Tensor, ratio: Tensor, up: bool) -> Tensor:
        """The image at `ratio` times the exposure (Eq. 2), through N2 if `up`, else through N3.

        Args:
            latent: `(B, 3, H, W)`.
            ratio: Exposure ratio target / source, `(B,)`.
            up: Which network.
        """
        image: Tensor = (self.up if up else self.down)(latent * ratio.view(-1, 1, 1, 1))
        return image

"""The multi-exposure fusion model of Zhang et al. 2023."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.methods.adaptive_itm.blocks import convolution
from hdrgen.tiling import of_whole_image

MOSTLY_THE_INPUT = (-2.0, 2.0, -2.0)
"""Logits of the masks at the start: they sum to 1.12."""
LINEARISED = (0.0, 0.0, 0.64, 0.14)
"""Coefficients of 0.8 x^2 + 0.2 x^3, which is x^2.2 within 0.01, for 1.12 x."""


class FusionNetwork(nn.Module):
    r"""Three exposures to radiance, without their exposure values (MEFM, section 3.5, Fig. 3).

    Three masks and the four coefficients of a curve for the whole image:

    .. math:: I_{fuse} = M_{up} I_{up} + M_{mid} I + M_{down} I_{down}, \qquad
              H = a_3 I_{fuse}^3 + a_2 I_{fuse}^2 + a_1 I_{fuse} + a_0

    Eq. 7-8. After ExpandNet (Marnerides et al. 2018): a local branch of two convolutions, a dilated one of four with
    dilation 2, and a global one that reduces the image, at a fixed size, to one vector; SELU throughout. Widths and the
    masks' range are not published: the masks have one channel and pass a sigmoid, as ExpandNet's output does, and the
    coefficients are a linear map of the global vector.

    Args:
        channels: Width of each branch; the local one ends in twice as many.
        size: Height and width that the global branch sees, 4 times a power of two.
        start_peak: Start as the linearised input, :math:`I^{2.2}` over this number, instead of at random.

    Raises:
        InputError: Another size.
    """

    def __init__(self, channels: int = 32, size: int = 256, start_peak: float | None = None) -> None:
        super().__init__()
        halvings = math.log2(max(size, 1) / 4)
        if halvings < 1 or not halvings.is_integer():
            raise InputError(
                f"expected a global_size of 8, 16, 32, 64, 128, 256 ... pixels for the fusion, found {size}"
            )
        self.size = size
        self.local = nn.Sequential(_layer(9, channels), _layer(channels, 2 * channels))
        self.dilated = nn.Sequential(_layer(9, channels, dilation=2), *(_dilated(channels) for _ in range(3)))
        self.whole = nn.Sequential(
            _layer(9, channels, stride=2),
            *(_layer(channels, channels, stride=2) for _ in range(int(halvings) - 1)),
            nn.Conv2d(channels, channels, 4),
            nn.SELU(inplace=True),
        )
        self.fuse = nn.Sequential(
            convolution(4 * channels, channels, 1), nn.SELU(inplace=True), convolution(channels, 3, 1)
        )
        self.curve = nn.Linear(channels, 4)
        if start_peak is not None:
            self._start_as_input(start_peak)

    @torch.no_grad()
    def _start_as_input(self, peak: float) -> None:
        curve = torch.tensor(LINEARISED) / peak
        for layer, bias in ((self.fuse[-1], torch.tensor(MOSTLY_THE_INPUT)), (self.curve, curve)):
            layer.get_parameter("weight").zero_()
            layer.get_parameter("bias").copy_(bias)

    def forward(self, down: Tensor, image: Tensor, up: Tensor) -> Tensor:
        """Radiance `(B, 3, H, W)` in float32, of three pictures of the same shape, display values in [0, 1]."""
        masks, curve = self.masks_and_curve(torch.cat([down, image, up], dim=1))
        fused = sum(mask * picture for mask, picture in zip(masks.unbind(1), (down, image, up), strict=True))
        assert isinstance(fused, Tensor)
        a0, a1, a2, a3 = curve.unbind(1)
        return ((a3 * fused + a2) * fused + a1) * fused + a0

    def masks_and_curve(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The masks `(B, 3, 1, H, W)` in [0, 1] and the coefficients `(B, 4, 1, 1, 1)`, a_0 first, both in float32."""
        (whole,) = of_whole_image(lambda: (self._look(pictures),))
        masks = torch.sigmoid(self._fused(pictures, whole).float())
        return masks[:, :, None], self.curve(whole.flatten(1)).float()[..., None, None, None]

    def _fused(self, pictures: Tensor, whole: Tensor) -> Tensor:
        """`fuse` of the three branches side by side, the last one the same everywhere.

        Its first layer is 1 x 1, so that it is a sum of one for each branch: side by side, they would take as much
        memory again as all that made them. So each is added as soon as it is there.
        """
        first, *others = self.fuse
        width = whole.shape[1]
        weights = torch.split(first.get_parameter("weight"), [2 * width, width, width], dim=1)
        summed = F.conv2d(whole, weights[-1], first.get_parameter("bias"))
        for branch, weight in zip((self.local, self.dilated), weights, strict=False):
            summed = summed + F.conv2d(branch(pictures), weight)
        for layer in others:
            summed = layer(summed)
        return summed

    def _look(self, pictures: Tensor) -> Tensor:
        small = F.interpolate(pictures.float(), (self.size, self.size), mode="bilinear", antialias=True)
        features: Tensor = self.whole(small)
        return features


def _layer(in_channels: int, out_channels: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    return nn.Sequential(
        convolution(in_channels, out_channels, stride=stride, dilation=dilation), nn.SELU(inplace=True)
    )


def _dilated(channels: int) -> nn.Sequential:
    return _layer(channels, channels, dilation=2)

"""The network of CEVR (Chen et al. 2023, Fig. 3): an image and an EV step to the image at that exposure."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.nn import VGG_CHANNELS, VGGEncoder, enlarge
from hdrgen.tiling import group_norm

ENCODER_CHANNELS = VGG_CHANNELS[:3]
GROUPS = 2
"""Of the group normalisation, a number that the authors' code has and the paper does not give."""


class ImplicitModule(nn.Module):
    r"""An MLP that sees one pixel's features and the EV step, :math:`x_s(p,q) = f_\theta([x(p,q), s])` (Eq. 2).

    Args:
        channels: Width of the features, of each hidden layer, and of the result. The step adds one to the first.
        hidden_activation: Whether hidden layers are followed by LeakyReLU, as in any MLP; the last one always is. False
            is the authors' code, where the layers together are one affine map.
    """

    def __init__(self, channels: Sequence[int], hidden_activation: bool = True) -> None:
        super().__init__()
        inputs = [channels[0] + 1, *channels[1:-1]]
        self.layers = nn.ModuleList(nn.Conv2d(i, o, 1) for i, o in zip(inputs, channels[1:], strict=True))
        self.hidden_activation = hidden_activation

    def forward(self, features: Tensor, ev: Tensor) -> Tensor:
        """`(B, channels[-1], H, W)` of `features` `(B, channels[0], H, W)` and `ev` `(B,)`, stops."""
        x = with_step(features, ev)
        for index, layer in enumerate(self.layers, 1):
            x = layer(x)
            if self.hidden_activation or index == len(self.layers):
                x = F.leaky_relu(x, 0.01)
        return x


def with_step(features: Tensor, ev: Tensor) -> Tensor:
    """`features` `(B, C, H, W)` and, as one more channel, the step `ev` `(B,)` in stops."""
    plane = ev.view(-1, 1, 1, 1).expand(-1, 1, *features.shape[-2:])
    return torch.cat([features, plane.to(features.dtype)], dim=1)


class Neck(nn.Module):
    """The implicit module of the deepest features, beside which they pass unchanged. Keeps the shape."""

    def __init__(self, channels: int, hidden_activation: bool = True) -> None:
        super().__init__()
        self.implicit = ImplicitModule([channels] * 4, hidden_activation)

    def forward(self, features: Tensor, ev: Tensor) -> Tensor:
        """Of `features` `(B, C, H, W)` and `ev` `(B,)`."""
        stepped: Tensor = self.implicit(group_norm(features, GROUPS), ev)
        return features + stepped


class DecoderBlock(nn.Module):
    """Doubles the size of the features and merges the skip connection, aware of the EV step (Fig. 3b).

    The paper gives bicubic upsampling and the 3 x 3 convolution after it; the rest is that of the authors' code.

    Args:
        below: Channels of the coarser features.
        channels: Channels of the skip connection and of the result.
        hidden_activation: See `ImplicitModule`.
    """

    def __init__(self, below: int, channels: int, hidden_activation: bool = True) -> None:
        super().__init__()
        narrow = [channels, max(1, channels // 2), max(1, channels // 2), channels]
        self.up = nn.Conv2d(below, channels, 3, padding=1)
        self.merge = ImplicitModule([2 * channels, channels], hidden_activation)
        self.first = ImplicitModule(narrow, hidden_activation)
        self.second = ImplicitModule(narrow, hidden_activation)

    def forward(self, features: Tensor, skip: Tensor, ev: Tensor) -> Tensor:
        """`(B, channels, 2H, 2W)` of `features` `(B, below, H, W)`, `skip` `(B, channels, 2H, 2W)` and `ev` `(B,)`."""
        larger = self.up(enlarge(features, skip.shape[-2:]))
        merged: Tensor = self.merge(torch.cat([skip, larger], dim=1), ev)
        stepped: Tensor = self.second(self.first(group_norm(merged, GROUPS), ev), ev)
        return merged + stepped


class CoarseTransformation(nn.Module):
    r"""Intensity transformation from features of a coarser scale, :math:`I \leftarrow \alpha I + \beta` (Fig. 3d).

    The features are enlarged to the size of the image, and a 3 x 3 convolution makes the maps alpha and beta, which
    red, green and blue share. The paper leaves the maps' size and channels open; they are those of the authors' code.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels, 2, 3, padding=1)

    def forward(self, features: Tensor, ev: Tensor, image: Tensor) -> Tensor:
        """The transformed `image` `(B, 3, H, W)`, in float32; `features` `(B, C, h, w)` have seen the step already."""
        with torch.autocast(image.device.type, enabled=False):
            return transformed(image, convolve_enlarged(features.float(), self.maps, image.shape[-2:]))


class FineTransformation(nn.Module):
    """The same from features of the image's own size and the EV step, by a 1 x 1 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.maps = nn.Conv2d(channels + 1, 2, 1)

    def forward(self, features: Tensor, ev: Tensor, image: Tensor) -> Tensor:
        """The transformed `image` `(B, 3, H, W)`, in float32."""
        with torch.autocast(image.device.type, enabled=False):
            return transformed(image, self.maps(with_step(features.float(), ev)))


class DirectOutput(nn.Module):
    """No intensity transformation: the image is made from the features alone (Table 3, first column)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.colours = nn.Conv2d(channels + 1, 3, 1)

    def forward(self, features: Tensor, ev: Tensor, image: Tensor) -> Tensor:
        """`(B, 3, H, W)`, in float32."""
        with torch.autocast(image.device.type, enabled=False):
            colours: Tensor = self.colours(with_step(features.float(), ev))
        return colours


def transformed(image: Tensor, maps: Tensor) -> Tensor:
    """`alpha * image + beta`, where `maps` `(B, 2, H, W)` holds alpha and beta."""
    return maps[:, :1] * image + maps[:, 1:]


def convolve_enlarged(features: Tensor, convolution: nn.Conv2d, size: Sequence[int]) -> Tensor:
    """A 3 x 3 convolution of bicubically enlarged features, without ever holding all their channels at that size.

    Enlarging treats every channel alike, so the sum over channels can go first: one small map for each of the nine taps
    is enlarged, then shifted and added. For two maps of 128 channels, that takes a seventh of the memory.

    Args:
        features: `(B, C, h, w)`.
        convolution: C to O channels, padded by one.
        size: H, W.

    Returns:
        `(B, O, H, W)`.
    """
    # fold() moves each tap's map by the offset of the tap, a convolution looks the other way.
    taps = convolution.weight.flip(2, 3).permute(0, 2, 3, 1).flatten(0, 2)[..., None, None]
    enlarged = enlarge(F.conv2d(features, taps), size)
    summed = F.fold(enlarged.flatten(2), (size[0], size[1]), kernel_size=3, padding=1)
    return summed if convolution.bias is None else summed + convolution.bias.view(-1, 1, 1)


class CEVRNetwork(nn.Module):
    """One of the two models: the image at a relative exposure, :math:`I_s = F(I, s)` (Eq. 1).

    Args:
        channels: Width of each block of the encoder, from full resolution down; the paper's are VGG's first three.
        intensity_transformation: False makes the image from the features alone (ablation, Tables 3 and 4).
        hidden_activation: See `ImplicitModule`.
        identity_start: Start with the maps alpha = 1 and beta = 0, which leave the image unchanged, instead of at
            random. The paper is silent; short trainings need it.
    """

    def __init__(
        self,
        channels: Sequence[int] = ENCODER_CHANNELS,
        intensity_transformation: bool = True,
        hidden_activation: bool = True,
        identity_start: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = VGGEncoder(channels)
        self.multiple = self.encoder.multiple
        self.neck = Neck(channels[-1], hidden_activation)
        wide = list(reversed(channels))
        below = [wide[0], *wide[:-1]]
        self.blocks = nn.ModuleList(DecoderBlock(b, c, hidden_activation) for b, c in zip(below, wide, strict=True))
        self.outputs = nn.ModuleList([DirectOutput(wide[-1])])
        if intensity_transformation:
            self.outputs = nn.ModuleList([*map(CoarseTransformation, wide[:-1]), FineTransformation(wide[-1])])
            if identity_start:
                self._start_as_identity()

    @torch.no_grad()
    def _start_as_identity(self) -> None:
        for output in self.outputs:
            maps = output.get_submodule("maps")
            maps.get_parameter("weight").zero_()
            maps.get_parameter("bias").copy_(torch.tensor([1.0, 0.0]))

    def decoder_parameters(self) -> list[Tensor]:
        """All that `decode` uses."""
        encoder = {id(parameter) for parameter in self.encoder.parameters()}
        return [parameter for parameter in self.parameters() if id(parameter) not in encoder]

    def encode(self, image: Tensor) -> list[Tensor]:
        """Features of `image` `(B, 3, H, W)`, which serve every step; its sides divide by `multiple`."""
        features: list[Tensor] = self.encoder(image)
        return features

    def decode(self, features: Sequence[Tensor], image: Tensor, ev: Tensor) -> Tensor:
        """The exposure `ev` of an encoded image.

        Args:
            features: What `encode` made of it.
            image: `(B, 3, H, W)`, display values.
            ev: Step of each image, `(B,)`, stops.

        Returns:
            `(B, 3, H, W)`, display values in float32. They are not cut to [0, 1], as in the authors' code.
        """
        *skips, deepest = features
        x: Tensor = self.neck(deepest, ev)
        levels: list[Tensor] = []
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            x = block(x, skip, ev)
            levels.append(x)
        exposed = image.float()
        for output, level in zip(self.outputs, levels[-len(self.outputs) :], strict=True):
            exposed = output(level, ev, exposed)
        return exposed

    def forward(self, image: Tensor, ev: Tensor) -> Tensor:
        """`decode(encode(image), image, ev)`."""
        return self.decode(self.encode(image), image, ev)

"""The two exposure models of Zhang et al. 2023 and the block that adapts both to the image."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.errors import InputError
from hdrgen.methods.adaptive_itm.blocks import ConvPair, CrossModelAttention, GuidedConvPair, convolution
from hdrgen.nn import SwinLayer
from hdrgen.tiling import fitted, mean_of_whole, of_whole_image, row_slices

CHANNELS = (32, 64, 128, 256, 512)
ENLARGED = 16
"""Channels that are enlarged at a time."""


class ExposureAdaptiveBlock(nn.Module):
    r"""What the whole image says about the exposure it needs (EAB, section 3.4); both models share it.

    The image, reduced to `size` pixels, passes three convolutions with strides 2, 2, 1 and a Swin layer: F_glo. The
    global feature fusion block adds it to the last features of an encoder, and linear layers map both to one shift per
    channel and level of the decoder: :math:`S_1 = f(cat(pool(F_{glo}), pool(F_{enc})))`, :math:`S_j = f(S_{j-1})`
    (Eq. 4-5).

    Args:
        channels: Width of each level of the models.
        width: Channels of F_glo, a multiple of `heads`.
        size: Height and width that the image is reduced to, a multiple of 4 times `window`.
        heads: Of the Swin layer.
        window: Of the Swin layer.
    """

    def __init__(
        self, channels: Sequence[int], width: int = 96, size: int = 256, heads: int = 6, window: int = 8
    ) -> None:
        super().__init__()
        if size < 1 or size % (4 * window):
            raise InputError(f"expected a global_size that divides into windows of {4 * window} pixels, found {size}")
        self.size = size
        self.stem = nn.Sequential(
            *(convolution(3, width, stride=2), nn.LeakyReLU(0.2)),
            *(convolution(width, width, stride=2), nn.LeakyReLU(0.2)),
            *(convolution(width, width), nn.LeakyReLU(0.2)),
        )
        self.swin = SwinLayer(width, heads, window)
        self.fuse = nn.Sequential(ConvPair(width + channels[-1], channels[-1]), convolution(channels[-1], channels[-1]))
        inputs = [width + channels[-1], *channels[-2:0:-1]]
        self.shifts = nn.ModuleList(nn.Linear(i, o) for i, o in zip(inputs, channels[-2::-1], strict=True))

    def look(self, image: Tensor) -> Tensor:
        """F_glo `(B, width, size / 4, size / 4)` of the image."""
        small = F.interpolate(image.float(), (self.size, self.size), mode="bilinear", antialias=True)
        global_features: Tensor = self.swin(self.stem(small))
        return global_features

    def forward(self, global_features: Tensor, encoded: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Adapt one model.

        Args:
            global_features: F_glo.
            encoded: F_enc, the last features of the model's encoder.

        Returns:
            F_GFFB in the shape of `encoded`, and the shifts S_j `(B, C, 1, 1)`, coarse to fine.
        """
        fused = encoded + self.fuse(torch.cat([fitted(global_features, encoded), encoded], dim=1))
        shift = torch.cat([global_features.mean((-2, -1)), mean_of_whole(encoded).flatten(1)], dim=1)
        shifts: list[Tensor] = []
        for layer in self.shifts:
            shift = layer(shift)
            shifts.append(shift[..., None, None])
        return fused, shifts


class ExposureModel(nn.Module):
    """The layers of the up- or of the down-exposure model (AUEM, ADEM), a U-Net that makes one picture per level.

    Args:
        channels: Width of each level.
        guided: Whether the encoder's convolutions are luminance-guided.
        attention: Whether cross-model attention follows each level of the encoder.
        cross: Whether it sees the opposite model.
    """

    def __init__(self, channels: Sequence[int], guided: bool, attention: bool, cross: bool) -> None:
        super().__init__()
        inputs = [3, *channels[:-1]]
        self.encoder = nn.ModuleList(GuidedConvPair(i, o, guided) for i, o in zip(inputs, channels, strict=True))
        self.attention = nn.ModuleList(CrossModelAttention(c, cross=cross) for c in channels) if attention else None
        finer = list(zip(channels[:0:-1], channels[-2::-1], strict=True))
        self.decoder = nn.ModuleList(ConvPair(deep + skip, skip) for deep, skip in finer)
        self.heads = nn.ModuleList(convolution(c, 3, 1) for c in reversed(channels))

    def decode(self, features: Tensor, skips: list[Tensor], shifts: Sequence[Tensor] | None) -> list[Tensor]:
        """Pictures `(B, 3, h, w)` from coarse to fine, each the last one enlarged plus a residual (Eq. 11).

        Args:
            features: Of the coarsest level.
            skips: Of the other levels of the encoder, fine to coarse; emptied, so that nothing is held for longer.
            shifts: The new mean of each channel of each level (Eq. 6); None leaves the means.
        """
        pictures = [self.heads[0](features).float()]
        for level, block in enumerate(self.decoder):
            features = block(beside_enlarged(skips.pop(), features))
            if shifts is not None:
                features = features + (shifts[level] - mean_of_whole(features))
            pictures.append(self.heads[level + 1](features).float() + enlarged(pictures[-1]))
        return pictures


class ExposureNetwork(nn.Module):
    """Both exposure models side by side: one image to a darker and a brighter one (Fig. 2).

    The widths are not published; these are ours. The flags are the rows of Table 2.

    Args:
        channels: Width of each level of both models, from full resolution down.
        exposure_adaptive: Whether the exposure-adaptive block (EAB) is there.
        luminance_guided: Whether the encoders' convolutions are guided (LGC).
        cross_attention: Whether cross-model attention blocks (CMAB) follow each level of the encoders.
        cross_model: False lets these blocks see their own model only.
        global_channels: Width of the EAB.
        global_size: Height and width of the image that the EAB sees.
        identity_start: Whether the pictures are corrections to the input instead of whole pictures, and start at zero.
            The paper has whole pictures; short trainings need it.

    Raises:
        InputError: Fewer than two levels.
    """

    def __init__(
        self,
        channels: Sequence[int] = CHANNELS,
        exposure_adaptive: bool = True,
        luminance_guided: bool = True,
        cross_attention: bool = True,
        cross_model: bool = True,
        global_channels: int = 96,
        global_size: int = 256,
        identity_start: bool = False,
    ) -> None:
        if len(channels) < 2 or min(channels) < 1:
            raise InputError(f"expected the widths of at least two levels, 1 or more each, found {list(channels)}")
        super().__init__()
        self.multiple = 2 ** (len(channels) - 1)
        self.down, self.up = (ExposureModel(channels, luminance_guided, cross_attention, cross_model) for _ in range(2))
        heads = next(heads for heads in (6, 4, 2, 1) if global_channels % heads == 0)
        self.adaptive = (
            ExposureAdaptiveBlock(channels, global_channels, global_size, heads) if exposure_adaptive else None
        )
        self.identity_start = identity_start
        if identity_start:
            self._start_as_input()

    @torch.no_grad()
    def _start_as_input(self) -> None:
        for parameter in (*self.down.heads.parameters(), *self.up.heads.parameters()):
            parameter.zero_()

    def forward(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Pictures of the down- and of the up-exposure model, coarse to fine.

        Args:
            image: `(B, 3, H, W)`, display values in [0, 1]; both sides divide by `multiple`.

        Returns:
            Two lists of `(B, 3, H / 2^j, W / 2^j)`, not clipped, in float32.
        """
        global_features = self._look(image)
        encoded = list(self.encode(image))
        down, up = (self._decode(model, encoded.pop(0), global_features) for model in (self.down, self.up))
        if self.identity_start:
            inputs = [F.avg_pool2d(image, 2**level) for level in reversed(range(len(down)))]
            down, up = ([made + given for made, given in zip(side, inputs, strict=True)] for side in (down, up))
        return down, up

    def _look(self, image: Tensor) -> Tensor | None:
        adaptive = self.adaptive
        return None if adaptive is None else of_whole_image(lambda: (adaptive.look(image),))[0]

    def encode(self, image: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Features of both encoders, fine to coarse; level by level, since each attends to the other (Eq. 1-3)."""
        down = up = image
        bright, dark = image.amax(1, keepdim=True), 1 - image.amin(1, keepdim=True)
        pictures: tuple[list[Tensor], list[Tensor]] = ([], [])
        for level in range(len(self.down.encoder)):
            if level:
                down, up = F.max_pool2d(down, 2), F.max_pool2d(up, 2)
                bright, dark = F.avg_pool2d(bright, 2), F.avg_pool2d(dark, 2)
            down, up = self.down.encoder[level](down, bright), self.up.encoder[level](up, dark)
            if self.down.attention is not None and self.up.attention is not None:
                down, up = self.down.attention[level](down, up), self.up.attention[level](up, down)
            pictures[0].append(down)
            pictures[1].append(up)
        return pictures

    def _decode(self, model: ExposureModel, skips: list[Tensor], global_features: Tensor | None) -> list[Tensor]:
        features, shifts = skips.pop(), None
        if self.adaptive is not None and global_features is not None:
            features, shifts = self.adaptive(global_features, features)
        return model.decode(features, skips, shifts)


def beside_enlarged(skip: Tensor, features: Tensor) -> Tensor:
    """`skip` and `features` at twice the size, one after the other: `(B, C + D, H, W)` of `(B, C, H, W)`.

    Where nothing learns, some channels at a time, so that what is enlarged is not held twice.
    """
    if torch.is_grad_enabled() or torch.compiler.is_compiling():
        return torch.cat([skip, enlarged(features)], dim=1)
    layout = torch.channels_last if skip.is_contiguous(memory_format=torch.channels_last) else torch.contiguous_format
    size = (len(skip), skip.shape[1] + features.shape[1], *skip.shape[2:])
    both = torch.empty(size, dtype=skip.dtype, device=skip.device, memory_format=layout)
    both[:, : skip.shape[1]] = skip
    for channels in row_slices(features.shape[1], ENLARGED):
        place = slice(skip.shape[1] + channels.start, skip.shape[1] + channels.stop)
        both[:, place] = enlarged(features[:, channels])
    return both


def enlarged(features: Tensor) -> Tensor:
    """Twice the size, bilinearly."""
    return F.interpolate(features, scale_factor=2.0, mode="bilinear", align_corners=False)

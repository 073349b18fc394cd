"""The mask-aware discriminator of Zhang et al. 2023."""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.methods.adaptive_itm.blocks import ConvPair, convolution
from hdrgen.methods.adaptive_itm.network import CHANNELS, enlarged


class MaskAwareDiscriminator(nn.Module):
    """A U-Net that says of each pixel whether it is real, and, if asked, of the whole image (section 3.6).

    Widths and layers are ours; after Schönfeld et al. 2020, the encoder judges the image and the decoder its pixels.

    Args:
        channels: Width of each level.
        whole_image: Whether there is a verdict on the image. The paper mentions it but has no loss for it.
    """

    def __init__(self, channels: Sequence[int] = CHANNELS, whole_image: bool = False) -> None:
        super().__init__()
        self.encoder = nn.ModuleList(ConvPair(i, o) for i, o in pairwise([3, *channels]))
        self.decoder = nn.ModuleList(ConvPair(deep + skip, skip) for deep, skip in pairwise(channels[::-1]))
        self.pixels = convolution(channels[0], 1, 1)
        self.image = nn.Linear(channels[-1], 1) if whole_image else None

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor | None]:
        """Verdicts near 1 where real, near 0 where generated.

        Args:
            image: `(B, 3, H, W)`, both sides divisible by 2 to the number of levels less one.

        Returns:
            `(B, 1, H, W)` and, if asked for, `(B, 1)`.
        """
        skips: list[Tensor] = []
        for level, block in enumerate(self.encoder):
            skips.append(block(F.max_pool2d(skips[-1], 2) if level else image))
        features = skips.pop()
        verdict = None if self.image is None else self.image(features.mean((-2, -1)))
        for block in self.decoder:
            features = block(torch.cat([skips.pop(), enlarged(features)], dim=1))
        return self.pixels(features), verdict

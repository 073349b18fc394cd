"""Photographs as they come from the web: taken at full size, then made smaller in display values, which no camera does.

Scenes are crops of panoramas, a texel for each pixel of the camera, so that what is averaged differs from pixel to
pixel as it does in photographs; views that enlarge a panorama are too smooth for that.
"""

import io as memory
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

from hdrgen.data import RenderedStacks

POLES = 0.03
"""Part of the height that is left out at each pole."""
SMALLEST = 320
"""Rows and columns of a crop, at least, where the panorama has them."""
LARGEST = 200
"""Rows and columns of a picture, at most."""
KERNELS = tuple(getattr(Image.Resampling, name) for name in ("BOX", "BILINEAR", "HAMMING", "BICUBIC", "LANCZOS"))


class Crops(RenderedStacks):
    """Squares of panoramas as they are stored, of 320 texels up to nearly their height, instead of views of them."""

    def radiance(self, index: int, generator: torch.Generator) -> Tensor:
        """Draw a square."""
        image, _ = self._image(self.paths[index // self.views])
        height, width = (side - 2 for side in image.shape[-2:])
        most = height - 2 * round(POLES * height)
        draws = torch.rand(3, generator=generator).tolist()
        side = min(most, round(SMALLEST + (most - SMALLEST) * draws[0])) if most > SMALLEST else most
        top = 1 + round(POLES * height) + int(draws[1] * (most - side + 1))
        left = 1 + int(draws[2] * (width - side + 1))
        return image[:, top : top + side, left : left + side].float()


@dataclass(frozen=True)
class Web:
    """What happens to a picture on its way to the web; drawn anew for each.

    Attributes:
        factor: Smallest and largest, drawn evenly in its logarithm.
        sharpened: Share that is sharpened afterwards, by up to 60 %.
        compressed: Share that is then a JPEG, of a quality from 75 to 100.
        twice: Share that is made smaller once more, by up to 2.
    """

    factor: Sequence[float] = (2.2, 6.0)
    sharpened: float = 0.5
    compressed: float = 0.8
    twice: float = 0.6

    def __call__(self, display: Tensor, generator: torch.Generator) -> Tensor:
        """`(3, h, w)` of display values `(3, H, W)`, both codes of 8 bits over 255."""
        draws = torch.rand(8, generator=generator).tolist()
        low, high = self.factor
        factor = low * (high / low) ** draws[0]
        size = max(8, min(LARGEST, round(display.shape[-1] / factor)))
        between = round(size * (1 + draws[1])) if draws[2] < self.twice else size
        kernel = KERNELS[int(draws[3] * len(KERNELS))]
        picture = Image.fromarray((display * 255).round().byte().permute(1, 2, 0).numpy())
        picture = picture.resize((between, between), kernel)
        if draws[4] < self.sharpened:
            picture = picture.filter(ImageFilter.UnsharpMask(0.6, round(60 * draws[5]), 0))
        if draws[6] < self.compressed:
            picture = _compressed(picture, round(75 + 25 * draws[7]))
        if between != size:
            picture = picture.resize((size, size), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255


def _compressed(picture: Image.Image, quality: int) -> Image.Image:
    file = memory.BytesIO()
    picture.save(file, "jpeg", quality=quality, subsampling=0 if quality >= 90 else 2)
    return Image.open(file).convert("RGB")

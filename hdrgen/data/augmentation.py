"""Random geometry for training samples, the same for every exposure of a scene and its radiance."""

import torch
from kornia.augmentation import AugmentationSequential, RandomAffine, RandomHorizontalFlip, RandomVerticalFlip
from kornia.augmentation.base import _AugmentationBase
from torch import Tensor, nn

from hdrgen.data.dataset import derived_generator
from hdrgen.errors import InputError


class Augmentation(nn.Module):
    """Crop, rotate, shift, scale and flip: one geometry for the whole stack and its HDR image.

    The square crop is cut when a sample is loaded, so that frames of any size make a batch; the rest happens here, on
    whole batches, on their device. Pixels are interpolated bilinearly, which never leaves the range of its neighbours:
    radiance stays positive, display values stay in [0, 1]. What lies beyond the border is mirrored. Defaults are those
    of the public code of Le et al., WACV 2023, except for its bicubic interpolation.

    Args:
        crop: Side of the square in pixels; None keeps the whole frame.
        rotate: Largest rotation in degrees, either way.
        shift: Largest shift in parts of the side, in each direction.
        scale: Smallest and largest zoom, e.g. (0.9, 1.1); None keeps the size, as the public code does.
        flip: Mirror left-right and top-bottom, each with probability 1/2.
    """

    def __init__(
        self,
        crop: int | None = 256,
        rotate: float = 179.0,
        shift: float = 0.0625,
        scale: tuple[float, float] | None = None,
        flip: bool = True,
    ) -> None:
        super().__init__()
        if crop is not None and crop < 1:
            raise InputError(
                f"expected a crop of at least 1 pixel, found {crop}; leave crop out to keep whole frames", "crop"
            )
        self.crop = crop
        steps: list[_AugmentationBase] = []
        if rotate or shift or scale:
            steps.append(RandomAffine(rotate, (shift, shift), scale, padding_mode="reflection", p=1.0))
        if flip:
            steps += [RandomHorizontalFlip(p=0.5), RandomVerticalFlip(p=0.5)]
        self.geometry = AugmentationSequential(*steps, data_keys=["input"]) if steps else None

    @torch.no_grad()
    def forward(self, ldr: Tensor, hdr: Tensor | None, *seed: object) -> tuple[Tensor, Tensor | None]:
        """Move a batch.

        Args:
            ldr: (B, S, 3, H, W) display values.
            hdr: (B, 3, H, W) radiance, or None.
            seed: Anything; the same seed gives the same geometry.

        Returns:
            Both, moved, in their shapes.
        """
        if self.geometry is None:
            return ldr, hdr
        planes = ldr.flatten(1, 2) if hdr is None else torch.cat([ldr.flatten(1, 2), hdr], 1)
        # kornia draws on the CPU from the global generator; the rest of the run must not notice.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(derived_generator("augmentation", *seed).initial_seed())
            moved = self.geometry(planes)
        count = ldr.shape[1] * 3
        return moved[:, :count].view_as(ldr), None if hdr is None else moved[:, count:]

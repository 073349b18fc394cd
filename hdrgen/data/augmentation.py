"""Random geometry for training samples, the same for every exposure of a scene and its radiance."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hdrgen.data.dataset import derived_generator
from hdrgen.errors import InputError

HALF = 0.5


class Augmentation(nn.Module):
    """Crop, rotate, shift, zoom, turn and flip: one geometry for the whole stack and its HDR image.

    The square crop is cut when a sample is loaded, so that frames of any size make a batch; the rest happens here, on
    whole batches, on their device. By default samples are only cropped and flipped, which keeps every pixel as it is;
    the configuration of each method adds what its paper does. Rotation, shift and zoom move between pixels: these are
    interpolated bilinearly, which softens them and never leaves the range of its neighbours, so that radiance stays
    positive and display values stay in [0, 1]. What lies beyond the border is mirrored.

    Args:
        crop: Side of the square in pixels; None keeps the whole frame.
        rotate: Largest rotation in degrees, either way. The authors of Le et al., WACV 2023, take 179.
        shift: Largest shift in parts of the side, in each direction (Le et al.: 0.0625).
        scale: Smallest and largest zoom, e.g. (0.9, 1.1), each in between equally likely; None keeps the size.
        flip: Mirror left-right and top-bottom, each with probability 1/2.
        probability: Share of the samples that are rotated, shifted and scaled (Le et al.: 0.5). The others stay upright
            and sharp.
        quarter_turns: Turn by 0, 90, 180 or 270 degrees, each equally likely, which keeps pixels as they are; together
            with `flip`, all eight ways to lay a square. Frames must be square.
        upside_down: Whether `flip` mirrors top-bottom too, and not left-right alone.
        anywhere: Whether a zoom above 1 shows any part of the frame instead of its middle (Kim et al.'s code).

    Raises:
        InputError: An impossible crop, zoom or probability.
    """

    def __init__(
        self,
        crop: int | None = 256,
        rotate: float = 0.0,
        shift: float = 0.0,
        scale: tuple[float, float] | None = None,
        flip: bool = True,
        probability: float = 1.0,
        quarter_turns: bool = False,
        upside_down: bool = True,
        anywhere: bool = False,
    ) -> None:
        super().__init__()
        _check(crop, scale, probability)
        self.crop = crop
        self.rotate, self.shift, self.scale = rotate, shift, scale
        self.flip, self.upside_down = flip, upside_down
        self.probability = probability
        self.quarter_turns = quarter_turns
        self.anywhere = anywhere

    @torch.no_grad()
    def forward(self, ldr: Tensor, hdr: Tensor | None, *seed: object) -> tuple[Tensor, Tensor | None]:
        """Move a batch.

        Args:
            ldr: (B, S, 3, H, W) display values.
            hdr: (B, 3, H, W) radiance, or None.
            seed: Anything; the same seed gives the same geometry.

        Returns:
            Both, moved, in their shapes.

        Raises:
            InputError: Frames to turn are not square.
        """
        moves = bool(self.rotate or self.shift or self.scale)
        if not (moves or self.flip or self.quarter_turns):
            return ldr, hdr
        planes = ldr.flatten(1, 2) if hdr is None else torch.cat([ldr.flatten(1, 2), hdr], 1)
        generator = derived_generator("augmentation", *seed)
        if moves:
            planes = self._moved(planes, generator)
        if self.quarter_turns:
            planes = _turned(planes, generator)
        for axis in ((-1, -2) if self.upside_down else (-1,)) if self.flip else ():
            planes = torch.where(_half(planes, generator), planes.flip(axis), planes)
        count = ldr.shape[1] * 3
        return planes[:, :count].reshape(ldr.shape), None if hdr is None else planes[:, count:]

    def _moved(self, planes: Tensor, generator: torch.Generator) -> Tensor:
        """The batch, of which a share is rotated, shifted and scaled."""
        chosen = (torch.rand(len(planes), generator=generator) < self.probability).nonzero().flatten()
        height, width = planes.shape[-2:]
        matrices = self._matrices(len(planes), height, width, generator)[chosen]
        if not len(chosen):
            return planes
        chosen = chosen.to(planes.device)
        part = planes[chosen]
        grid = F.affine_grid(matrices.to(planes), list(part.shape), align_corners=False)
        part = F.grid_sample(part, grid, padding_mode="reflection", align_corners=False)
        return planes.index_copy(0, chosen, part)

    def _matrices(self, count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
        """From places in the result to those in the frame, both from -1 to 1: `(count, 2, 3)`."""
        size = torch.tensor([width, height])
        angle, zoom = torch.rand(2, count, generator=generator)
        shift, place = 2 * torch.rand(2, count, 2, generator=generator) - 1
        angle = math.radians(self.rotate) * (2 * angle - 1)
        low, high = self.scale or (1.0, 1.0)
        zoom = low + (high - low) * zoom
        cosine, sine = angle.cos() / zoom, angle.sin() / zoom
        # Pixels are square and the sides are not: the rotation is that of pixels.
        linear = torch.stack([cosine, -sine * height / width, sine * width / height, cosine], 1).view(count, 2, 2)
        moved = -(linear @ (2 * self.shift * shift)[..., None])[..., 0]
        if self.anywhere:
            moved = moved + place * (1 - 1 / zoom).clamp_min(0)[:, None] * (size - 1) / size
        return torch.cat([linear, moved[..., None]], dim=2)


def _turned(planes: Tensor, generator: torch.Generator) -> Tensor:
    height, width = planes.shape[-2:]
    if height != width:
        raise InputError(
            f"expected square frames to turn by quarters, found {width} x {height}; cut squares by crop, or pass"
            " quarter_turns=False",
            "augmentation.quarter_turns",
        )
    turns = torch.randint(4, (len(planes),), generator=generator).tolist()
    return torch.stack([plane.rot90(turn, (-2, -1)) for plane, turn in zip(planes, turns, strict=True)])


def _half(planes: Tensor, generator: torch.Generator) -> Tensor:
    """Yes or no for each of the batch, `(B, 1, 1, 1)`."""
    drawn = torch.rand(len(planes), generator=generator) < HALF
    return drawn.to(planes.device).view(-1, 1, 1, 1)


def _check(crop: int | None, scale: tuple[float, float] | None, probability: float) -> None:
    if crop is not None and crop < 1:
        raise InputError(
            f"expected a crop of at least 1 pixel, found {crop}; leave crop out to keep whole frames", "crop"
        )
    if scale is not None and not 0 < scale[0] <= scale[1] < math.inf:
        raise InputError(f"expected a smallest and a largest zoom above 0, such as (0.9, 1.1), found {scale}", "scale")
    if not 0 <= probability <= 1:
        raise InputError(f"expected a share of the samples between 0 and 1, found {probability}", "probability")

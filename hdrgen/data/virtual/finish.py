"""What a camera does beyond exposure and response: noise, lifted black, lowered white, sharpening, JPEG."""

from __future__ import annotations

import io as memory
from collections.abc import Sequence
from dataclasses import dataclass

import kornia
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from hdrgen.camera import CameraResponse, add_noise
from hdrgen.errors import InputError

HIGHEST_CODE = 255
BEST = 100
"""Quality of JPEG."""


@dataclass(frozen=True)
class Finish:
    """How photographs differ from ideal ones; drawn anew for each scene, the same for its exposures.

    Attributes:
        full_well: Smallest and largest capacity of a pixel in electrons, drawn evenly in its logarithm: small numbers
            are high sensitivities. None leaves out the noise.
        read_noise: Largest standard deviation in electrons.
        sharpening: Largest amount of an unsharp mask of one pixel; 0 for none.
        black: Largest display value that black is lifted to, of 255.
        white: Smallest display value that white is lowered to, of 255.
        plain_ends: Share of scenes whose black and white stay at 0 and 255.
        quality: Lowest and highest quality of JPEG; None for none.
        plain_files: Share of scenes that are not compressed.
    """

    full_well: Sequence[float] | None = (1500.0, 60000.0)
    read_noise: float = 6.0
    sharpening: float = 0.8
    black: float = 10.0
    white: float = 246.0
    plain_ends: float = 0.6
    quality: Sequence[int] | None = (70, 98)
    plain_files: float = 0.2

    def __post_init__(self) -> None:
        """Check what would fail, or draw other photographs than are stated, in the middle of a run."""
        if self.full_well is not None and not 0 < self.full_well[0] <= self.full_well[1]:
            raise InputError(f"expected electrons above 0, the smaller first, found full_well={list(self.full_well)}")
        if self.quality is not None and not 1 <= self.quality[0] <= self.quality[1] <= BEST:
            raise InputError(f"expected a quality of JPEG from 1 to {BEST}, found quality={list(self.quality)}")
        if not 0 <= self.black < self.white <= HIGHEST_CODE:
            raise InputError(f"expected 0 <= black < white <= 255, found black={self.black:g}, white={self.white:g}")
        shares = {"plain_ends": self.plain_ends, "plain_files": self.plain_files}
        amounts = {"read_noise": self.read_noise, "sharpening": self.sharpening}
        for name, value in (shares | amounts).items():
            if not 0 <= value <= (1 if name in shares else float("inf")):
                raise InputError(f"expected a share from 0 to 1 or an amount of 0 or more, found {name}={value:g}")

    def draw(self, generator: torch.Generator) -> DrawnFinish:
        """The finish of one scene."""
        draws = torch.rand(8, generator=generator).tolist()
        well = None
        if self.full_well is not None:
            low, high = self.full_well
            well = low * (high / low) ** draws[0]
        ends = (0.0, 1.0)
        if draws[3] >= self.plain_ends:
            ends = (draws[4] * self.black / HIGHEST_CODE, 1 - draws[5] * (1 - self.white / HIGHEST_CODE))
        quality = None
        if self.quality is not None and draws[6] >= self.plain_files:
            quality = round(self.quality[0] + (self.quality[1] - self.quality[0]) * draws[7])
        return DrawnFinish(well, draws[1] * self.read_noise, draws[2] * self.sharpening, ends, quality)


@dataclass(frozen=True)
class DrawnFinish:
    """One camera's finish; attributes as those of `Finish`.

    Attributes:
        full_well: Electrons, or None for no noise.
        read_noise: Electrons.
        sharpening: Amount.
        ends: Display values of black and white.
        quality: Of JPEG; None for none. Below 90, colour is kept at half the resolution.
    """

    full_well: float | None
    read_noise: float
    sharpening: float
    ends: tuple[float, float]
    quality: int | None

    def develop(self, exposed: Tensor, response: CameraResponse, generator: torch.Generator) -> Tensor:
        """Display values `(S, 3, H, W)` in [0, 1], codes of 8 bits, of linear sensor exposures of the same shape."""
        if self.full_well is not None:
            exposed = add_noise(exposed, generator, full_well=self.full_well, read_noise=self.read_noise)
        black, white = self.ends
        display = black + (white - black) * response(exposed)
        if self.sharpening:
            blurred = kornia.filters.gaussian_blur2d(display, (5, 5), (1.0, 1.0))
            display = display + self.sharpening * (display - blurred)
        display = (display.clamp(0, white) * HIGHEST_CODE).round()
        if self.quality is not None:
            display = torch.stack([_compressed(frame, self.quality) for frame in display])
        return display / HIGHEST_CODE

    def inverse(self, response: CameraResponse, levels: int) -> Tensor:
        """The inverse response with the ends (levels,): 0 up to black, 1 from white on."""
        black, white = self.ends
        return response.inverse(((torch.linspace(0, 1, levels) - black) / (white - black)).clamp(0, 1))


def _compressed(codes: Tensor, quality: int) -> Tensor:
    """Codes `(3, H, W)` from 0 to 255, by way of JPEG."""
    file = memory.BytesIO()
    pixels = Image.fromarray(codes.byte().permute(1, 2, 0).numpy())
    pixels.save(file, "jpeg", quality=quality, subsampling=0 if quality >= 90 else 2)
    return torch.from_numpy(np.array(Image.open(file))).permute(2, 0, 1).float()

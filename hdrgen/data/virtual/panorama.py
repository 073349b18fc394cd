"""Views into HDR images: perspective crops of panoramas, windows in photographs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from hdrgen.data.virtual.ray_tracing import turn
from hdrgen.errors import InputError


@dataclass(frozen=True)
class View:
    """A pinhole camera inside a panorama, all angles in radians.

    Attributes:
        field_of_view: Of the whole side of the square picture.
        yaw: Turn to the right of the panorama's centre.
        pitch: Tilt upwards.
        roll: Turn of the camera about its axis, counterclockwise.
    """

    field_of_view: float
    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True)
class Views:
    """What views are drawn from, each angle uniformly.

    Attributes:
        field_of_view: Smallest and largest, in degrees.
        pitch: Lowest and highest, in degrees.
        roll: Largest, either way, in degrees.
    """

    field_of_view: Sequence[float] = (60.0, 100.0)
    pitch: Sequence[float] = (-30.0, 30.0)
    roll: float = 5.0

    def __post_init__(self) -> None:
        """Check the angles."""
        if not 0 < self.field_of_view[0] <= self.field_of_view[1] < 170:
            raise InputError(f"expected fields of view between 0 and 170 degrees, found {list(self.field_of_view)}")

    def draw(self, generator: torch.Generator) -> View:
        """One view; every yaw is equally likely."""
        low = torch.tensor([self.field_of_view[0], -180.0, self.pitch[0], -self.roll])
        high = torch.tensor([self.field_of_view[1], 180.0, self.pitch[1], self.roll])
        angles = low + (high - low) * torch.rand(4, generator=generator)
        return View(*torch.deg2rad(angles).tolist())


def is_panorama(height: int, width: int) -> bool:
    """Whether an image is taken as equirectangular: exactly twice as wide as high."""
    return width == 2 * height


def perspective(panorama: Tensor, view: View, size: int) -> Tensor:
    r"""What a camera in the centre of an equirectangular panorama sees.

    Column x of W shows longitude :math:`2\pi (x + 1/2)/W - \pi`, row y of H latitude :math:`\pi/2 - \pi (y + 1/2)/H`.
    Bilinear interpolation wraps around at the seam and across the poles. Where the picture is coarser than the
    panorama, several samples per pixel are averaged, in linear light.

    Args:
        panorama: (3, H, W) radiance, W = 2 H.
        view: Where the camera looks.
        size: Height and width of the picture in pixels.

    Returns:
        (3, size, size) radiance.
    """
    return seen(with_margin(panorama), view, size)


def with_margin(panorama: Tensor) -> Tensor:
    """(3, H + 2, W + 2) of a panorama (3, H, W), of its type: a texel more on each side.

    The column beyond the seam is the first from the other side; the row beyond a pole is the same row half a turn away.
    """
    turned = panorama.shape[-1] // 2
    top, bottom = (panorama[:, row].roll(turned, -1)[:, None] for row in (0, -1))
    tall = torch.cat([top, panorama, bottom], 1)
    return torch.cat([tall[..., -1:], tall, tall[..., :1]], -1)


def seen(margined: Tensor, view: View, size: int) -> Tensor:
    """`perspective` of a panorama that has its margin already: many views, one preparation; fastest in float32."""
    height, width = margined.shape[-2] - 2, margined.shape[-1] - 2
    pixel = 2 * math.tan(view.field_of_view / 2) / size
    samples = max(1, math.ceil(pixel * width / (2 * math.pi) - 0.25))
    grid = _places(view, size, samples, height, width).view(1, -1, size, 2)
    light = functional.grid_sample(margined[None].float(), grid, mode="bilinear", align_corners=False)[0]
    return light if samples == 1 else _averaged(light.view(3, samples**2, size, size))


def _places(view: View, size: int, samples: int, height: int, width: int) -> Tensor:
    """(samples, samples, size, size, 2) where the rays of a view meet a panorama with its margin, for `grid_sample`.

    Each sample of a pixel has a plane of its own: planes are computed, and averaged, faster than neighbours. The ray
    of a pixel is a sum of what its column and its row give, so that no pixel is multiplied by the rotation.
    """
    fine = size * samples
    steps = ((torch.arange(fine) + 0.5) / fine * 2 - 1) * math.tan(view.field_of_view / 2)
    planes = steps.view(size, samples).T.contiguous()
    right, up = planes[None, :, None, :], -planes[:, None, :, None]
    x, y, z = (
        (right * across).add(up * upwards).add_(forward)
        for across, upwards, forward in turn(view.yaw, view.pitch, view.roll).tolist()
    )
    column = torch.atan2(x, z).div_(2 * math.pi).add_(0.5).mul_(width).sub_(0.5)
    row = torch.atan2(y, torch.hypot(x, z)).div_(-math.pi).add_(0.5).mul_(height).sub_(0.5)
    for place, length in ((column, width), (row, height)):
        place.mul_(2).add_(3).div_(length + 2).sub_(1)
    return torch.view_as_real(torch.complex(column, row))  # interleaves them faster than `stack`


def _averaged(planes: Tensor) -> Tensor:
    """(3, size, size) mean of (3, N, size, size), which is overwritten."""
    mean = planes[:, 0]
    for plane in planes.unbind(1)[1:]:
        mean += plane
    return (mean / planes.shape[1]).contiguous()


def window(image: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """A random square of an HDR photograph, reduced to `size`.

    Args:
        image: (3, H, W) radiance.
        size: Of the result, in pixels.
        generator: Draws the side of the square, from `size` to the smaller side of the image and evenly in its
            logarithm, and the place.

    Raises:
        InputError: The image is smaller than `size`.
    """
    height, width = image.shape[-2:]
    largest = min(height, width)
    if largest < size:
        raise InputError(f"expected an HDR image of at least {size} x {size} pixels, found {width} x {height}")
    draw = torch.rand(3, generator=generator).tolist()
    side = min(largest, round(size * (largest / size) ** draw[0]))
    top, left = int(draw[1] * (height - side + 1)), int(draw[2] * (width - side + 1))
    cut = image[None, :, top : top + side, left : left + side].float()
    return functional.interpolate(cut, [size, size], mode="bilinear", antialias=True)[0]

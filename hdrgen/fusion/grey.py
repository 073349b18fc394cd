"""Grey versions of a photograph at several sizes."""

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.io import row_slices

Grey = NDArray[np.float32]

FINEST = 2.5e6  # pixels of the largest image: motion is found to a tenth of its pixels and better
COARSEST = 48  # pixels of the shorter side of the smallest image
ROWS = 64  # of the largest grey image that are made at a time: their pixels stay in the cache of a core
WEIGHTS = (1, 2, 1)  # of red, green and blue: near luma, and sums of codes stay exact
GAMMA = 2.2  # that linear values are encoded with, so that thresholds of contrast mean the same in the dark


@dataclass(frozen=True)
class Pyramid:
    """Grey display values in [0, 1] at several sizes, the largest first.

    Attributes:
        images: (H, W) each.
        factors: How many pixels of the photograph lie along the side of one of theirs.
    """

    images: tuple[Grey, ...]
    factors: tuple[int, ...]


def pyramid_of(photograph: NDArray[Any], *, linear: bool = False) -> Pyramid:
    """The pyramid of a photograph (H, W, 3): means over squares, slightly blurred; linear values are encoded first."""
    factor = first_factor(*photograph.shape[:2])
    image = _reduced(photograph, factor)
    if linear:
        image **= 1 / GAMMA
    images, factors = [], []
    while True:
        images.append(_blurred(image))
        factors.append(factor)
        if min(image.shape) < 2 * COARSEST:
            return Pyramid(tuple(images), tuple(factors))
        image, factor = _halved(image), 2 * factor


def first_factor(height: int, width: int) -> int:
    """How many pixels of a photograph of this size lie along the side of one of the largest grey image's."""
    factor = 1
    while height * width / factor**2 > FINEST:
        factor *= 2
    return factor


def _reduced(photograph: NDArray[Any], factor: int) -> Grey:
    height, width = (side // factor * factor for side in photograph.shape[:2])
    integer = photograph.dtype.kind == "u"
    top = np.iinfo(photograph.dtype).max if integer else 1.0
    total = np.empty((height // factor, width // factor), np.float32)
    for rows in row_slices(len(total), ROWS):
        part = photograph[rows.start * factor : rows.stop * factor, :width]
        grey: NDArray[Any] = np.zeros(part.shape[:2], np.uint32 if integer else np.float32)
        for channel, weight in enumerate(WEIGHTS):
            grey += part[..., channel] * grey.dtype.type(weight)
        total[rows] = reduce(np.add, (grey[down::factor, right::factor] for down, right in np.ndindex(factor, factor)))
    total /= np.float32(sum(WEIGHTS) * factor**2 * top)
    return np.clip(total, 0, 1, out=total)


def _halved(image: Grey) -> Grey:
    height, width = (side // 2 * 2 for side in image.shape)
    whole = image[:height, :width]
    halved: Grey = (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) / np.float32(4)
    return halved


def _blurred(image: Grey) -> Grey:
    """Binomial weights 1, 2, 1 along both sides: interpolation between pixels then alters little."""
    framed = np.pad(image, 1, mode="edge")
    rows = framed[:-2] + 2 * framed[1:-1] + framed[2:]
    blurred: Grey = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / np.float32(16)
    return blurred

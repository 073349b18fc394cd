"""Pictures small enough to be part of a page: radiance with shared exponents, display values as JPEG or PNG."""

import base64
import io
import math
import zlib

import numpy as np
from PIL import Image

from hdrgen.io import srgb_encoded
from hdrgen.reporting.colour_ramp import ramp

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Of linear BT.709."""
GREY = 0.18
"""Linear display value of the log-mean luminance at EV 0."""
LARGEST_GAIN = 1e30
"""A picture darker than this reaches is black: float32 would hold no bright pixel of it."""
_QUALITY = 90


def reduced(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`(H, W, 3)` float to `size`, its width and height: each pixel the mean of those it covers."""
    if (image.shape[1], image.shape[0]) == size:
        return image
    channels = [Image.fromarray(np.ascontiguousarray(image[..., at], np.float32)) for at in range(3)]
    return np.stack([np.asarray(channel.resize(size, Image.Resampling.BOX)) for channel in channels], axis=-1)


def fitting(image: np.ndarray, side: int) -> tuple[int, int]:
    """Width and height of `(H, W, 3)` with the longer side at most `side`."""
    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shared_exponent(radiance: np.ndarray) -> np.ndarray:
    r"""`(H, W, 3)` to `(H, W, 4)` uint8: mantissas m of R, G and B and an exponent e, for :math:`m\,2^{e-136}`.

    As in Radiance files (Ward 1991), but rounded to the nearest mantissa; its error is at most 1/256 of the largest
    channel. Values from 2^-136 to 2^119 can be held; smaller ones are 0, larger ones the largest.

    >>> shared_exponent(np.array([[[1.0, 0.5, 0.0]]])).tolist()
    [[[128, 64, 0, 129]]]
    """
    clipped = np.clip(radiance, 0, math.ldexp(255, 119)).astype(np.float64)
    largest = clipped.max(-1)
    _, exponent = np.frexp(largest)
    exponent += np.rint(np.ldexp(largest, 8 - exponent)) > 255
    mantissas = np.rint(np.ldexp(clipped, (8 - exponent)[..., None]))
    stored = np.where((largest > 0) & (exponent > -128), exponent + 128, 0)[..., None]
    return np.concatenate([np.where(stored > 0, mantissas, 0), stored], axis=-1).astype(np.uint8)


def packed(radiance: np.ndarray) -> str:
    """Shared exponents as base64 of zlib of four planes; each row holds differences to the left, modulo 256."""
    planes = np.moveaxis(shared_exponent(radiance), -1, 0)
    differences = np.diff(planes, axis=2, prepend=np.zeros_like(planes[..., :1]))
    return base64.b64encode(zlib.compress(differences.tobytes(), 9)).decode()


def gain_of(radiance: np.ndarray) -> float:
    """What brings the log-mean luminance of the pixels above black to 18 % grey; 1 where there are none."""
    luminance = radiance @ LUMINANCE
    lit = luminance[luminance > 0]
    return min(GREY / math.exp(float(np.log(lit, dtype=np.float64).mean())), LARGEST_GAIN) if lit.size else 1.0


def displayed(radiance: np.ndarray, gain: float) -> np.ndarray:
    """Radiance times `gain`, clipped, as sRGB: display values in [0, 1]."""
    with np.errstate(over="ignore"):  # what is infinite then is white
        return srgb_encoded(np.clip(radiance * gain, 0, 1))


def jpeg(display: np.ndarray) -> str:
    """Display values in [0, 1] as the address of an image that is part of the page."""
    file = io.BytesIO()
    Image.fromarray(np.rint(display * 255).astype(np.uint8)).save(file, "JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"


def coloured_map(values: np.ndarray) -> str:
    """Values `(H, W)` in [0, 1] in the colours of the ramp, as the address of an image that is part of the page."""
    picture = Image.fromarray(np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8), "P")
    picture.putpalette(ramp().tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

"""An image as read from a file."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.io.exposure import Camera, Exposure

Pixels = NDArray[Any]


@dataclass(frozen=True)
class Image:
    """Pixels of a file in their own precision, and what the file says about them.

    To NumPy it is its pixels: `np.asarray(image)` has shape (H, W, 3).

    Attributes:
        pixels: (H, W, 3) RGB, C-contiguous; uint8, uint16, float16 or float32. Upright: the orientation tag is applied.
        linear: True for linear radiance (RAW, .hdr, .exr, float TIFF, HDR pictures, and integers that a file says are
            linear); False for display values (other JPEG, PNG and integer TIFF, SDR pictures), encoded by an unknown
            camera response.
        exposure: What the file's own metadata says.
        chromaticities: CIE x, y of red, green, blue and white that the file gives, or None.
        camera: Maker and model that the file gives, or None.
        orientation: EXIF's number of how the file stores the pixels, which is undone in `pixels`; 1 is upright.
    """

    pixels: Pixels
    linear: bool
    exposure: Exposure
    chromaticities: tuple[float, ...] | None = None
    camera: Camera | None = None
    orientation: int = 1

    def __array__(self, dtype: np.dtype[Any] | None = None, copy: bool | None = None) -> NDArray[Any]:
        """The pixels, as NumPy asks for them; no number is scaled, which `as_float` does.

        >>> np.asarray(Image(np.zeros((2, 3, 3), np.uint8), linear=False, exposure=Exposure())).shape
        (2, 3, 3)
        """
        if copy is None:  # NumPy 1 knows no None here: it copies unless told not to
            return np.asarray(self.pixels, dtype=dtype)
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def as_float(self) -> NDArray[np.float32]:
        """The pixels as float32: integers scaled to [0, 1] by their largest value, radiance unchanged.

        >>> image = Image(np.full((1, 1, 3), 51, np.uint8), linear=False, exposure=Exposure())
        >>> round(float(image.as_float()[0, 0, 0]), 6)
        0.2
        """
        if np.issubdtype(self.pixels.dtype, np.integer):
            return self.pixels.astype(np.float32) / np.float32(np.iinfo(self.pixels.dtype).max)
        return self.pixels.astype(np.float32, copy=False)

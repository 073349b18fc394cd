"""OpenEXR: radiance in half or single precision."""

from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.io.codecs.channels import ChannelChoice, choose_among_parts
from hdrgen.io.codecs.codec import EncodeOptions
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.plain_pixels import in_colours
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import EV_ATTRIBUTE
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note
from hdrgen.io.rows import row_slices, rows_of

_HALF_MAX = 65504.0
_HALF_FINE = 2.0**-18
"""Below it the steps of half (2^-24) are 1.6 % of a value and more, below 3e-8 all that is left is 0."""
_HALF_LEAST = 2.0**-25  # at most this becomes 0
_TOLD = 1e-5  # of the values that become 0: fewer are noise of black that merging leaves
_FEW, _STOPS, _MANY = 1e-3, 20, 0.05
"""Of the values: more than few within so many stops of the largest, or many at all, ask for a file twice as large;
others are the noise of black."""


class OpenExr(OpenImageIOCodec):
    """OpenEXR, of several parts and layers for reading."""

    name, title = "EXR", "OpenEXR"
    openimageio_name = "openexr"
    whole_pixels = False
    signatures = (b"v/1\x01",)
    suffixes = written = (".exr",)
    result = True

    def choose_channels(self, reader: Any, path: Path) -> ChannelChoice:
        """Of the first part with RGB, else the first that is grey."""
        return choose_among_parts(reader, path)

    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """float16, or float32 where asked for or needed."""
        pixels, tags = in_colours(pixels, tags, options.colour_space, linear=True)
        if options.float32 or pixels.dtype == np.float16:
            return pixels.astype(np.float32 if options.float32 else np.float16, copy=False), tags, ()
        coarse, notes = _lost_in_half(pixels)
        return pixels.astype(np.float32 if coarse else np.float16, copy=False), tags, notes

    def attributes(self, tags: Tags, *, linear: bool) -> dict[str, object]:
        """ISO, EV and chromaticities have names of their own here, numbers any size, and there are no profiles."""
        exposure = tags.exposure
        own: dict[str, object] = {
            "isoSpeed": exposure.iso,
            EV_ATTRIBUTE: exposure.ev,
            "chromaticities": tags.chromaticities,
        }
        # PIZ: half the time of zip and less of a noisy photograph's bytes, about as many of a panorama's.
        own |= {"ExposureTime": exposure.time, "FNumber": exposure.fnumber, "Compression": "piz"}
        return (
            super().attributes(tags, linear=linear) | own | {"Exif:PhotographicSensitivity": None, "ICCProfile": None}
        )


def half_holds(radiance: Pixels) -> bool:
    """Whether radiance (H, W) or (H, W, 3) fits half floats, in which EXR files are written unless it does not."""
    return not _lost_in_half(radiance)[0]


def _lost_in_half(pixels: Pixels) -> tuple[bool, tuple[Note, ...]]:
    """Whether half is too coarse: for radiance that is too large, or too small in more than a few values; and in words.

    Few values that become 0 are told, and no reason for a file twice as large.
    """
    parts = [pixels[rows] for rows in row_slices(len(pixels), rows_of(pixels.shape[1]))]
    largest = max(float(max(part.max(), -part.min())) for part in parts)
    if largest > _HALF_MAX:
        return True, (Note(f"radiance up to {largest:.4g} does not fit half; written as 32-bit float"),)
    some, small, near, gone = np.sum([_counts(part, largest) for part in parts], axis=0)
    if small <= _MANY * some and near <= _FEW * some:
        told = f"{gone} of {pixels.size} values are below {_HALF_LEAST:.2g}, too small for half, and become 0"
        return False, (Note(told),) if gone > _TOLD * pixels.size else ()
    share = f"{small / some:.1%} of the values (at most {largest:.3g}) are below {_HALF_FINE:.2g}"
    return True, (Note(f"{share}, too small for half; written as 32-bit float"),)


def _counts(rows: Pixels, largest: float) -> tuple[int, int, int, int]:
    """Of values that are not 0, of those too small for half, of these near the largest, and of those that become 0."""
    size = np.abs(rows)
    small = (size > 0) & (size < _HALF_FINE)
    lost = size[small]
    near, gone = np.count_nonzero(lost > largest / 2**_STOPS), np.count_nonzero(lost <= _HALF_LEAST)
    return int(np.count_nonzero(size)), len(lost), int(near), int(gone)

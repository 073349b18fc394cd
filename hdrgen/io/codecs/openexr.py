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

_HALF_MAX = 65504.0


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
        largest = float(np.abs(pixels).max())
        notes: tuple[Note, ...] = ()
        if not options.float32 and largest > _HALF_MAX:
            notes = (Note(f"radiance up to {largest:.4g} does not fit half; written as 32-bit float"),)
        return pixels.astype(np.float32 if options.float32 or notes else np.float16, copy=False), tags, notes

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

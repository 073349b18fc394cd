"""TIFF: display values of 8 or 16 bits, or radiance in floating point."""

from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.io.codecs.channels import ChannelChoice
from hdrgen.io.codecs.codec import EncodeOptions
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.plain_pixels import display_levels
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif_in_place import complete_tiff
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note

_WHITE_IS_ZERO = 0  # TIFF's number for it
_BLACK_IS_ZERO = 1


class Tiff(OpenImageIOCodec):
    """TIFF, and BigTIFF for reading."""

    name = title = "TIFF"
    openimageio_name = "tiff"
    signatures = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")  # "+" is BigTIFF
    suffixes = written = (".tif", ".tiff")
    depths = (8, 16, 32)

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored; white is the largest level."""
        pixels = super().pixels(reader, choice, path)
        meaning = reader.spec().get_int_attribute("tiff:PhotometricInterpretation", _BLACK_IS_ZERO)
        if pixels.dtype == np.uint16 and meaning == _WHITE_IS_ZERO:
            return np.iinfo(np.uint16).max - pixels  # OpenImageIO does that for 8 bits only
        return pixels

    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """Levels of 8 or 16 bits, or float32."""
        return *display_levels(path, pixels, tags, options, self.depths), ()

    def attributes(self, tags: Tags, *, linear: bool) -> dict[str, object]:
        """With something that makes OpenImageIO write EXIF, which it does not for the ISO alone."""
        attributes = super().attributes(tags, linear=linear)
        if tags.exposure.iso is not None:
            attributes["Exif:SceneCaptureType"] = 0  # `complete_tiff` puts the ISO in its place
        return attributes

    def save(self, path: Path, pixels: Pixels, tags: Tags) -> None:
        """Write the file, and the ISO that OpenImageIO leaves out."""
        super().save(path, pixels, tags)
        complete_tiff(path, tags.exposure)

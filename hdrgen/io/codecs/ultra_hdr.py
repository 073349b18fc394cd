"""Ultra HDR out of radiance: a JPEG file with a gain map; what is read of one is in `jpeg`."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.codec import Encoded, EncodeOptions
from hdrgen.io.codecs.hdr_picture import count_above, range_notes
from hdrgen.io.codecs.jpeg import QUALITY, Jpeg
from hdrgen.io.codecs.jpeg_gain_map import with_gain_map
from hdrgen.io.codecs.jpeg_picture import encoded
from hdrgen.io.colour import BT709, converted, space_holding
from hdrgen.io.gain_maps.gain_map import gain_map_between, rolled_off
from hdrgen.io.image import Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.metadata.cicp import FULL_RADIANCE
from hdrgen.io.metadata.tags import Tags


class UltraHdr(Jpeg):
    """Ultra HDR, written under names of its own; as a file it is a JPEG one."""

    title = "Ultra HDR"
    suffixes = written = (".uhdr.jpg", ".uhdr.jpeg")
    depths = ()
    result = True
    takes_base = True

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """An SDR base of 8 bits, and the gain that makes it the radiance; in a space that screens know."""
        source = tags.chromaticities or BT709.chromaticities
        space = options.colour_space or space_holding(source)
        tags = replace(tags, chromaticities=space.chromaticities)
        radiance = converted(pixels, source, space.chromaticities)
        base = rolled_off(radiance) if options.base is None else _checked_base(path, options.base, radiance)
        quality = options.quality or QUALITY
        save = partial(_save, radiance=radiance, base=base, tags=tags, quality=quality)
        return Encoded(save, range_notes(count_above(radiance), float(radiance.max())))


def _save(path: Path, radiance: Pixels, base: Pixels, tags: Tags, quality: int) -> None:
    gain_map = gain_map_between(base, radiance, full=FULL_RADIANCE)
    picture = encoded(base, quality, exif=tags.exif(), profile=tags.profile())
    path.write_bytes(with_gain_map(picture, gain_map, quality))


def _checked_base(path: Path, base: Pixels, pixels: Pixels) -> Pixels:
    base = np.asarray(base)
    if base.shape != pixels.shape or base.dtype.kind not in "uf" or not np.isfinite(base).all():
        expected = f"a base of finite display values of shape {pixels.shape}"
        raise InputError(f"{path}: expected {expected}, found {base.dtype} of shape {base.shape}", argument="base")
    return np.ascontiguousarray(quantised(base, 8))

"""PNG: display values of 8 or 16 bits, and HDR pictures of 16 bits with the curve PQ."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import ChannelChoice
from hdrgen.io.codecs.codec import Decoded, DecodeOptions, EncodeOptions
from hdrgen.io.codecs.hdr_picture import pq_picture
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.plain_pixels import display_levels
from hdrgen.io.colour import BT709, BT2020, srgb_encoded
from hdrgen.io.containers.png_chunks import SIGNATURE, check_chunks, with_chunk
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.cicp import PQ, Cicp, number_of
from hdrgen.io.metadata.exif_in_place import correct_png
from hdrgen.io.metadata.png_colours import png_colours
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note
from hdrgen.io.rows import by_rows

_ZLIB_LEVEL = 4  # half the time of its usual 6 for files that are 7 % larger
_FILTER = 16  # PNG_FILTER_SUB of libpng: the difference to the pixel before; to try all takes 1.7 times as long
_MATRIX_IDENTITY, _FULL_RANGE = 0, 1


class Png(OpenImageIOCodec):
    """PNG."""

    name = title = "PNG"
    openimageio_name = "png"
    signatures = (SIGNATURE,)
    suffixes = written = (".png",)
    depths: ClassVar[tuple[int, ...]] = (8, 16)

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """Display values, with the sRGB curve if they had another; radiance by the curves PQ, HLG and linear."""
        decoded, gamma = super().decode(path, options), png_colours(path).gamma
        if gamma is None:
            return decoded
        note = Note(f"display values of another gamma ({1 / gamma:.3g}); given with the sRGB curve, 16 bits")
        return decoded._replace(pixels=_in_srgb(decoded.pixels, gamma), notes=(*decoded.notes, note))

    def curve(self, spec: Any, path: Path) -> Cicp | None:
        """Of the chunks."""
        return png_colours(path).cicp

    def given_colours(self, spec: Any, path: Path) -> Sequence[float] | None:
        """Of the numbers of H.273 or the chunk of chromaticities; where there is a profile, they are in it."""
        return png_colours(path).chromaticities

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored, once the file is known to be whole."""
        check_chunks(path)
        levels = super().pixels(reader, choice, path)
        return levels if png_colours(path).full_range else _of_all_levels(levels)

    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """Levels of 8 or 16 bits."""
        return *display_levels(path, pixels, tags, options, self.depths), ()

    def attributes(self, tags: Tags, *, linear: bool) -> dict[str, object]:
        """With the level of zlib, and how rows are filtered before it."""
        return super().attributes(tags, linear=linear) | {"png:compressionLevel": _ZLIB_LEVEL, "png:filter": _FILTER}

    def save(self, path: Path, pixels: Pixels, tags: Tags) -> None:
        """Write the file, and the times in it that OpenImageIO rounds."""
        super().save(path, pixels, tags)
        correct_png(path, tags.exif())


class HdrPng(Png):
    """PNG for HDR screens, written under a name of its own: 16 bits of PQ, as the chunk cICP says."""

    title = "PNG with PQ"
    suffixes = written = (".pq.png",)
    depths = ()
    result = True

    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """PQ levels of 16 bits.

        Raises:
            InputError: A colour space that has no number.
        """
        source, space = tags.chromaticities or BT709.chromaticities, options.colour_space or BT2020
        if number_of(space.chromaticities) is None:
            expected = "a colour space that ITU-T H.273 has a number for, such as BT2020"
            raise InputError(f"{path}: expected {expected}, found {space.name}", argument="colour_space")
        levels, notes = pq_picture(pixels, source, space, bits=16)
        return levels, Tags(tags.exposure, tags.camera, space.chromaticities), notes

    def attributes(self, tags: Tags, *, linear: bool) -> dict[str, object]:
        """Without what says another curve: a profile, or the chunk sRGB that OpenImageIO writes unasked."""
        return super().attributes(tags, linear=linear) | {"ICCProfile": None, "oiio:ColorSpace": "unknown"}

    def save(self, path: Path, pixels: Pixels, tags: Tags) -> None:
        """Write the file, and the chunk."""
        super().save(path, pixels, tags)
        primaries = number_of(tags.chromaticities or ()) or BT2020.cicp
        body = bytes((primaries, PQ, _MATRIX_IDENTITY, _FULL_RANGE))
        path.write_bytes(with_chunk(path.read_bytes(), b"cICP", body))


def is_hdr_png(path: Path) -> bool:
    """Whether a file is a PNG whose samples are radiance by what it says of their curve."""
    try:
        with path.open("rb") as stream:
            begins = stream.read(len(SIGNATURE)) == SIGNATURE
        return begins and png_colours(path).is_radiance
    except OSError:  # which whoever reads it will tell
        return False


def _of_all_levels(levels: Pixels) -> Pixels:
    """Video levels, 16 to 235 of 8 bits (ITU-R BT.2100 table 9), stretched to all."""
    top, unit = np.iinfo(levels.dtype).max, 2 ** (8 * levels.dtype.itemsize - 8)

    def stretched(rows: Pixels) -> Pixels:
        light = np.clip(rows, 16 * unit, 235 * unit).astype(np.float64) - 16 * unit
        result: Pixels = np.rint(light * (top / (219 * unit)))
        return result

    return by_rows(stretched, levels, levels.dtype)


def _in_srgb(levels: Pixels, gamma: float) -> Pixels:
    """Levels that are light to the power of gamma as those of 16 bits that are so by the sRGB curve."""
    top = np.iinfo(levels.dtype).max
    table = np.rint(srgb_encoded((np.arange(top + 1) / top) ** (1 / gamma)) * 65535).astype(np.uint16)
    return by_rows(lambda rows: table[rows], levels, np.uint16)

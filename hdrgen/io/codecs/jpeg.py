"""JPEG: display values of 8 bits, and the HDR picture that a gain map makes of them."""

from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from hdrgen.errors import InputError
from hdrgen.io.codecs import jpeg_gain_map as gain_maps
from hdrgen.io.codecs.channels import ChannelChoice, choose_stored
from hdrgen.io.codecs.codec import Decoded, DecodeOptions, Encoded, EncodeOptions, Summary, check_size
from hdrgen.io.codecs.hdr_picture import pictured
from hdrgen.io.codecs.jpeg_picture import decoded, decoded_deep, decoded_small, encoded, stored_jpeg, whole_picture
from hdrgen.io.codecs.openimageio import OpenImageIODecoder
from hdrgen.io.codecs.orientation import orientation_in, upright, upright_size
from hdrgen.io.codecs.plain_pixels import display_levels
from hdrgen.io.containers.jpeg_markers import JpegFrame, claimed_frame
from hdrgen.io.gain_maps.gain_map import NOT_APPLIED, GainMap, apply_gain_map, found_or_told
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import exposure_from
from hdrgen.io.metadata.icc import chromaticities_of
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note

QUALITY = 95
_BITS, _MORE_BITS = 8, 12
_BYTES = 7  # for each pixel: OpenImageIO holds what it decodes twice
_PROGRESSIVE_BYTES = 13  # libjpeg holds the coefficients of 16 bits, too
_GAIN_MAP_BYTES = 24  # of float32 three channels, the base, and masks while they are checked
_NO_MAP = Note("no gain map of ISO 21496-1 or Ultra HDR found; the photograph alone is read")


class Jpeg(OpenImageIODecoder):
    """JPEG. Of files that may hold a gain map OpenImageIO sees a copy, since it applies gain maps unasked."""

    name = title = "JPEG"
    openimageio_name = "jpeg"
    signatures = (b"\xff\xd8\xff",)
    suffixes = written = (".jpg", ".jpeg")
    depths: ClassVar[tuple[int, ...]] = (8,)
    longest_side = 65_500  # of libjpeg

    def summary(self, path: Path) -> Summary:
        """Size and exposure, from the header alone."""
        frame = claimed_frame(path)
        own = frame is not None and (frame.bits != _BITS or frame.lossless)
        return _stored_summary(path) if own or gain_maps.may_hold_gain_map(path) else super().summary(path)

    def has_gain_map(self, path: Path) -> bool:
        """Of ISO 21496-1 or Ultra HDR."""
        return gain_maps.has_gain_map(path)

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """Of the profile or the tag for Adobe RGB, which OpenImageIO leaves out."""
        return stored_jpeg(path).chromaticities

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """Display values; radiance where a gain map is asked for and found."""
        frame = claimed_frame(path)
        if frame is not None and (frame.lossless or frame.bits != _BITS):
            return _decoded_of_more_bits(path, frame, options)
        if options.least_side:
            self.check_before_opening(path, options)
            return _reduced(path, options.least_side)
        return (
            _decoded_with_gain_map(path, options)
            if gain_maps.may_hold_gain_map(path)
            else super().decode(path, options)
        )

    def check_before_opening(self, path: Path, options: DecodeOptions) -> None:
        """Libjpeg takes memory for the whole of a progressive picture as soon as it is opened."""
        if frame := claimed_frame(path):
            each = _PROGRESSIVE_BYTES if frame.progressive else _BYTES
            check_size(path, frame.width, frame.height, options, each)

    def colours(self, spec: Any, path: Path) -> tuple[float, ...] | None:
        """As `chromaticities`."""
        return self.chromaticities(path)

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3), all of them."""
        return whole_picture(reader, choice, path, path.read_bytes)

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """Levels of 8 bits. Through Pillow: OpenImageIO's JPEG writer ends the process when the disk is full."""
        levels, tags = display_levels(path, pixels, tags, options, self.depths)
        return Encoded(partial(_save, levels=levels, tags=tags, quality=options.quality or QUALITY))


def _save(path: Path, levels: Pixels, tags: Tags, quality: int) -> None:
    path.write_bytes(encoded(levels, quality, exif=tags.exif(), profile=tags.profile()))


def _stored_summary(path: Path) -> Summary:
    stored = stored_jpeg(path)
    orientation = orientation_in(stored.metadata)
    size = upright_size(stored.width, stored.height, orientation)
    return Summary(*size, exposure_from(stored.metadata), orientation)


def _reduced(path: Path, least_side: int) -> Decoded:
    """The photograph alone, without a gain map."""
    summary, stored = _stored_summary(path), stored_jpeg(path)
    pixels = upright(decoded_small(path.read_bytes(), path, least_side), summary.orientation)
    return Decoded(summary, pixels, False, (), stored.chromaticities)


def _decoded_of_more_bits(path: Path, frame: JpegFrame, options: DecodeOptions) -> Decoded:
    """A JPEG of 12 bits, of which OpenImageIO and Pillow know nothing, at 16."""
    if frame.lossless or frame.bits != _MORE_BITS:
        kind = "a lossless JPEG" if frame.lossless else f"a JPEG of {frame.bits} bits"
        raise InputError(f"{path}: {kind} is not read here; convert it, to PNG for example")
    summary, stored = _stored_summary(path), stored_jpeg(path)
    check_size(path, summary.width, summary.height, options, _PROGRESSIVE_BYTES + 2 * _BYTES)
    levels, notes = choose_stored(decoded_deep(path), path)
    pixels = upright(levels, orientation_in(stored.metadata))
    return pictured(Decoded(summary, pixels, False, notes, stored.chromaticities), None, _MORE_BITS)


def _decoded_with_gain_map(path: Path, options: DecodeOptions) -> Decoded:
    """The base, or what the gain map makes of it."""
    summary, stored = _stored_summary(path), stored_jpeg(path)
    content = path.stat().st_size / (summary.width * summary.height)
    each = 2 * content + (_GAIN_MAP_BYTES if options.gain_map else _PROGRESSIVE_BYTES)  # of either kind
    check_size(path, summary.width, summary.height, options, each)
    base, orientation = decoded(path.read_bytes(), path), orientation_in(stored.metadata)
    colours = stored.chromaticities
    found, told = found_or_told(partial(_gain_map_in, path, options), options.gain_map)
    if found is None or found.levels is None:
        notes = told or ((NOT_APPLIED,) if found else (_NO_MAP,) if options.gain_map else ())
        return Decoded(summary, upright(base, orientation), False, notes, colours)
    own = None if found.stored.metadata.in_base_colours else chromaticities_of(found.stored.profile)
    pixels = apply_gain_map(found.levels, base, colours, own)
    return Decoded(summary, upright(pixels, orientation), True, (), own or colours)


class _Found(NamedTuple):
    """The gain map of a file, decoded where it is asked for."""

    stored: gain_maps.StoredGainMap
    levels: GainMap | None


def _gain_map_in(path: Path, options: DecodeOptions) -> _Found | None:
    stored = gain_maps.find_gain_map(path)
    if stored is None:
        return None
    levels = gain_maps.read_gain_map(path, stored, options.max_megapixels) if options.gain_map else None
    return _Found(stored, levels)

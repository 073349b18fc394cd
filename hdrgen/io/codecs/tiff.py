"""TIFF: display values of 8 or 16 bits, or radiance in floating point or LogLuv."""

import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import GREY_NOTE, ChannelChoice
from hdrgen.io.codecs.codec import Decoded, DecodeOptions, EncodeOptions, Summary
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.openimageio_reading import opened
from hdrgen.io.codecs.orientation import orientation_in
from hdrgen.io.codecs.plain_pixels import display_levels
from hdrgen.io.containers.tiff_directories import BIG_BYTE_ORDERS, BYTE_ORDERS, FIRST
from hdrgen.io.containers.tiff_pages import LOG_L, TiffPage, pages_of, picture_among
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import metadata_of
from hdrgen.io.metadata.exif_in_place import complete_tiff
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note
from hdrgen.io.samples.log_luv import is_log_luv, log_luv_colours, log_luv_pixels
from hdrgen.io.samples.tiff_blocks import tag_values

_WHITE_IS_ZERO = 0  # TIFF's number for it
_BLACK_IS_ZERO = 1
_ORIENTATION = 274
_LOG_LUV_BYTES = 40  # for each pixel: XYZ and RGB of some rows in double precision, and the picture
_UNREAD = {
    6: "JPEG of TIFF 6.0, as in old camera files",
    7: "JPEG of 12 bits or without loss",
    33003: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34715: "JBIG2",
    34887: "LERC",
    34892: "lossy JPEG of DNG",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
"""What TIFF's compressions are called that this build of OpenImageIO may not know."""


class Tiff(OpenImageIOCodec):
    """TIFF, and BigTIFF for reading."""

    name = title = "TIFF"
    openimageio_name = "tiff"
    signatures = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")  # "+" is BigTIFF
    suffixes = written = (".tif", ".tiff")
    depths = (8, 16, 32)

    def summary(self, path: Path) -> Summary:
        """Of the page that is the picture."""
        with _named(path):
            return super().summary(path)

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """The page that is the picture; LogLuv and floating point are radiance."""
        with _named(path):
            return super().decode(path, options)

    @contextmanager
    def readable(self, path: Path) -> Iterator[Path]:
        """A copy that begins with the picture where it lies within another page, where OpenImageIO does not look."""
        page = _picture_of(path)
        if page is None or page.found.number is not None:
            yield path
            return
        with tempfile.TemporaryDirectory(prefix="hdrgen-tiff-") as folder:
            copy = Path(folder) / f"picture{path.suffix}"
            shutil.copyfile(path, copy)
            _begin_with(copy, page.found.place)
            yield copy

    def choose_channels(self, reader: Any, path: Path) -> ChannelChoice:
        """Of the page that is the picture; what the first page says of the photograph holds for it, too."""
        page, shared = _picture_of(path), self._shared(path, reader)
        if page is None or (page.found.number and not reader.seek_subimage(page.found.number, 0)):
            raise InputError(f"{path}: truncated or corrupt TIFF file (its directories end early)")
        if page.photometric == LOG_L:
            choice = ChannelChoice((0,), (GREY_NOTE,))
        else:
            choice = ChannelChoice((0, 1, 2)) if is_log_luv(page) else super().choose_channels(reader, path)
        notes = (*choice.notes, *_other_pages(page, pages_of(path)))
        return choice._replace(part=page.found.number or 0, notes=notes, shared=shared)

    def _shared(self, path: Path, reader: Any) -> dict[str, object]:
        """What the first page says, which lies before the place that a copy begins with."""
        page = _picture_of(path)
        if page is None or page.found.number is not None:
            return metadata_of(reader.spec())
        with opened(path, self.name, self.openimageio_name) as first:
            return metadata_of(first.spec())

    def orientation(self, spec: Any, path: Path) -> int:
        """Of the page, or of the reduced one in front of it, as camera files have it."""
        pages = pages_of(path)
        if not pages or _ORIENTATION in picture_among(pages).found.directory.entries or not pages[0].reduced:
            return super().orientation(spec, path)
        return orientation_in({"Orientation": next(iter(tag_values(path, pages[0], _ORIENTATION)), 1)})

    def bytes_each(self, spec: Any, choice: ChannelChoice, path: Path) -> int:
        """More of LogLuv, which is not decoded by OpenImageIO."""
        page = _picture_of(path)
        own = _LOG_LUV_BYTES if page is not None and is_log_luv(page) else 0
        return max(own, super().bytes_each(spec, choice, path))

    def colours(self, spec: Any, path: Path) -> tuple[float, ...] | None:
        """Of LogLuv those that it is converted into."""
        page = _picture_of(path)
        logarithms = page is not None and is_log_luv(page)
        return log_luv_colours(path, page) if page is not None and logarithms else super().colours(spec, path)

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored; white is the largest level."""
        page = _picture_of(path)
        if page is not None and is_log_luv(page):
            return log_luv_pixels(path, page)
        pixels = super().pixels(reader, choice, path)
        meaning = reader.spec().get_int_attribute("tiff:PhotometricInterpretation", _BLACK_IS_ZERO)
        if meaning != _WHITE_IS_ZERO or pixels.dtype == np.uint8:  # OpenImageIO turns 8 bits around, and no others
            return pixels
        return np.iinfo(np.uint16).max - pixels if pixels.dtype == np.uint16 else _from_white(pixels, path)

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


def _picture_of(path: Path) -> TiffPage | None:
    """The page that is the picture."""
    pages = pages_of(path)
    return picture_among(pages) if pages else None


def _from_white(pixels: Pixels, path: Path) -> Pixels:
    """Floats that count from white: black is 1.

    Raises:
        InputError: One that would be below black.
    """
    if (darkest := float(np.nanmax(pixels, initial=0))) > 1:
        raise InputError(
            f"{path}: expected floats from 0, white, to 1, black, as its PhotometricInterpretation WhiteIsZero says,"
            f" found {darkest:.4g}; if they are radiance, write it as BlackIsZero"
        )
    return 1 - pixels


def _begin_with(copy: Path, place: int) -> None:
    """Make a directory the first one of a file."""
    with copy.open("r+b") as stream:
        start = stream.read(4)
        order, big = (BYTE_ORDERS | BIG_BYTE_ORDERS)[start], start in BIG_BYTE_ORDERS
        stream.seek(2 * FIRST if big else FIRST)
        stream.write(struct.pack(order + ("Q" if big else "I"), place))


def _other_pages(picture: TiffPage, pages: list[TiffPage]) -> tuple[Note, ...]:
    """What is left out of a file of several pictures."""
    others = [page for page in pages if not page.reduced and page.found.place != picture.found.place]
    if not others:
        return ()
    largest = max(others, key=lambda page: page.width * page.height)
    size = f"{picture.width} x {picture.height}"
    return (Note(f"{len(others)} of its pages left out (of at most {largest.width} x {largest.height}; read: {size})"),)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the compression of a page that cannot be read."""
    try:
        yield
    except InputError as error:
        page = _picture_of(path)
        name = None if page is None or error.argument else _UNREAD.get(page.compression)
        if name is None or "its picture" in str(error):
            raise
        kind = f"compressed by {name}, TIFF's number {page.compression}" if page else name
        raise InputError(f"{path}: this variant of TIFF file is not read here ({kind}); convert the file") from error

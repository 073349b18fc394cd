"""Radiance .hdr (RGBE): radiance of 8 bits with a shared exponent, and the line of primaries OpenImageIO leaves out."""

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import ChannelChoice
from hdrgen.io.codecs.codec import EncodeOptions
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.plain_pixels import in_colours
from hdrgen.io.colour import BT709, converted
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note

_KEY = b"PRIMARIES="
_LONGEST_HEADER = 1 << 14
_RGBE, _XYZE = b"32-bit_rle_rgbe", b"32-bit_rle_xyze"
_LINE = b"FORMAT=" + _RGBE
_FORMAT = re.compile(rb"^[ \t]*format[ \t]*=[ \t]*(.*?)[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
"""The line that says how colours are packed, however it is spaced."""
_XYZ = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1 / 3, 1 / 3)
_SMALLEST, _LARGEST = 1e-32, 2.0**127  # of which OpenImageIO and Radiance itself make an exponent
_ORDERS = {
    b"-Y +X": 1,
    b"-Y -X": 2,
    b"+Y -X": 3,
    b"+Y +X": 4,
    b"+X -Y": 5,
    b"-X -Y": 6,
    b"-X +Y": 7,
    b"+X +Y": 8,
}
"""EXIF orientations of the orders of pixels: how scan lines follow each other, and pixels in one. X grows to the right,
Y upwards (Radiance file formats, resolution string). OpenImageIO 3.2 takes 6 for 8, and 8 for 6."""
_SIZE = re.compile(rb"\s*([+-][XY])\s*\d+\s*([+-][XY])\s*\d")


class RadianceHdr(OpenImageIOCodec):
    """Radiance .hdr."""

    name, title = "HDR", "Radiance .hdr"
    openimageio_name = "hdr"
    signatures = (b"#?",)
    suffixes = (".hdr", ".pic", ".rgbe")
    written = (".hdr",)
    result = True

    def orientation(self, spec: Any, path: Path) -> int:
        """Of the line with the sides, which says where the first pixel is."""
        order = _SIZE.match(_head_of(path)[2])
        return super().orientation(spec, path) if order is None else _ORDERS.get(b" ".join(order.groups()), 1)

    @contextmanager
    def readable(self, path: Path) -> Iterator[Path]:
        """A copy that says RGBE as OpenImageIO reads it, letter by letter, where the file says so in another way.

        XYZE is packed alike. Files that say nothing are from before there was anything else to say.

        Raises:
            InputError: Another format, or none that there is.
        """
        head = _head_of(path)[0]
        if _LINE in head.split(b"\n"):
            yield path
            return
        if (found := _format_in(head)) not in (None, _RGBE, _XYZE):
            raise InputError(
                f"{path}: expected FORMAT 32-bit_rle_rgbe or 32-bit_rle_xyze, found {str(found, 'ascii', 'replace')!r}"
            )
        first, end, rest = path.read_bytes().partition(b"\n")
        with tempfile.TemporaryDirectory(prefix="hdrgen-hdr-") as folder:
            copy = Path(folder) / "picture.hdr"
            copy.write_bytes(first + end + (_FORMAT.sub(_LINE, rest, 1) if found else _LINE + end + rest))
            yield copy

    def pixels(self, reader: Any, choice: ChannelChoice, path: Path) -> Pixels:
        """(H, W, 3) as stored; of CIE XYZ, which is not adapted to another white, BT.709."""
        stored = super().pixels(reader, choice, path)
        return converted(stored, _XYZ, BT709.chromaticities) if _is_xyze(path) else stored

    def given_colours(self, spec: Any, path: Path) -> Sequence[float] | None:
        """The numbers of the line of primaries; those of BT.709 where XYZ was converted."""
        if _is_xyze(path):
            return BT709.chromaticities
        return _primaries_of(path)

    def stored(
        self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions
    ) -> tuple[Pixels, Tags, tuple[Note, ...]]:
        """float32 without negative values."""
        pixels, tags = in_colours(pixels, tags, options.colour_space, linear=True)
        pixels = pixels.astype(np.float32, copy=False)
        negative, largest = int((pixels < 0).any(axis=-1).sum()), float(pixels.max())
        outside = () if largest == 0 or _SMALLEST <= largest < _LARGEST else (_outside(largest),)
        if not negative:
            return pixels, tags, outside
        note = Note(f"{negative} pixels are negative, which .hdr cannot hold; written as 0")
        return np.clip(pixels, 0, None), tags, (note, *outside)

    def save(self, path: Path, pixels: Pixels, tags: Tags) -> None:
        """Write the file, with the line of primaries where the caller said something of colours."""
        super().save(path, pixels, tags)
        if tags.chromaticities is not None:
            _add_primaries(path, tags.chromaticities)


def _is_xyze(path: Path) -> bool:
    return _format_in(_head_of(path)[0]) == _XYZE


def _format_in(head: bytes) -> bytes | None:
    found = _FORMAT.search(head)
    return found and found[1].lower()


def _outside(largest: float) -> Note:
    return Note(
        f"radiance up to {largest:.3g}, of which .hdr holds {_SMALLEST:g} to {_LARGEST:.3g}; scale it, or use .exr"
    )


def _head_of(path: Path) -> tuple[bytes, bytes, bytes]:
    """The lines of the header, its end, and the beginning of what follows."""
    with path.open("rb") as stream:
        return stream.read(_LONGEST_HEADER).partition(b"\n\n")


def _primaries_of(path: Path) -> list[float] | None:
    """x, y of red, green, blue and white; None without the line, or with one that holds no numbers."""
    line = next((line for line in _head_of(path)[0].splitlines() if line.startswith(_KEY)), b"")
    try:
        return [float(word) for word in line[len(_KEY) :].split()] or None
    except ValueError:
        return None


def _add_primaries(path: Path, chromaticities: Sequence[float]) -> None:
    """Put the line into a file that was just written, in front of the empty line that ends its header."""
    head, end, rest = path.read_bytes().partition(b"\n\n")
    line = _KEY + b" ".join(b"%.4f" % number for number in chromaticities)
    path.write_bytes(head + b"\n" + line + end + rest)

"""Radiance .hdr (RGBE): radiance of 8 bits with a shared exponent, and the line of primaries OpenImageIO leaves out."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.io.codecs.codec import EncodeOptions
from hdrgen.io.codecs.openimageio import OpenImageIOCodec
from hdrgen.io.codecs.plain_pixels import in_colours
from hdrgen.io.colour import usable_chromaticities
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note

_KEY = b"PRIMARIES="
_LONGEST_HEADER = 1 << 14
_SMALLEST, _LARGEST = 1e-32, 2.0**127  # of which OpenImageIO and Radiance itself make an exponent


class RadianceHdr(OpenImageIOCodec):
    """Radiance .hdr."""

    name, title = "HDR", "Radiance .hdr"
    openimageio_name = "hdr"
    signatures = (b"#?",)
    suffixes = (".hdr", ".pic", ".rgbe")
    written = (".hdr",)
    result = True

    def colours(self, spec: Any, path: Path) -> tuple[float, ...] | None:
        """Chromaticities of the line of primaries."""
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


def _outside(largest: float) -> Note:
    return Note(
        f"radiance up to {largest:.3g}, of which .hdr holds {_SMALLEST:g} to {_LARGEST:.3g}; scale it, or use .exr"
    )


def _primaries_of(path: Path) -> tuple[float, ...] | None:
    """x, y of red, green, blue and white; None without the line, or with one that says nothing."""
    with path.open("rb") as stream:
        head = stream.read(_LONGEST_HEADER).partition(b"\n\n")[0]
    line = next((line for line in head.splitlines() if line.startswith(_KEY)), b"")
    try:
        return usable_chromaticities([float(word) for word in line[len(_KEY) :].split()])
    except ValueError:
        return None


def _add_primaries(path: Path, chromaticities: Sequence[float]) -> None:
    """Put the line into a file that was just written, in front of the empty line that ends its header."""
    head, end, rest = path.read_bytes().partition(b"\n\n")
    line = _KEY + b" ".join(b"%.4f" % number for number in chromaticities)
    path.write_bytes(head + b"\n" + line + end + rest)

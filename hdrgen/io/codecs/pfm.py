"""Portable float maps (.pfm): radiance of single precision behind three lines of text.

OpenImageIO reads them upside down, and multiplies by a number whose use nobody agrees on.
"""

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import choose_stored
from hdrgen.io.codecs.codec import Codec, Decoded, DecodeOptions, Summary, check_size
from hdrgen.io.metadata.exif import exposure_from

_LONGEST_HEADER = 1 << 12
_SPACE = rb"(?:\s|#[^\n]*\n)+"
_HEADER = re.compile(
    rb"P(F4?|f)" + _SPACE + rb"(\d{1,9})" + _SPACE + rb"(\d{1,9})" + _SPACE + rb"([-+.\deE]{1,40})(?:\r\n|\s)"
)
_CHANNELS = {b"F": 3, b"f": 1, b"F4": 4}
_BYTES = 24  # for each pixel: the file, the picture, and masks while it is checked


class _Header(NamedTuple):
    width: int
    height: int
    channels: int
    order: str
    start: int


class Pfm(Codec):
    """PFM, colour and grey, read only. Rows go from the bottom up; its scale is not applied: radiance is relative."""

    name = title = "PFM"
    suffixes = (".pfm",)
    signatures = (b"PF\n", b"PF\r", b"PF ", b"Pf\n", b"Pf\r", b"Pf ", b"PF4\n")
    result = True

    def summary(self, path: Path) -> Summary:
        """Size; there is nothing else."""
        header = _header_of(path)
        return Summary(header.width, header.height, exposure_from({}))

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """None: it does not say."""
        return None

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """The pixels as float32."""
        header = _header_of(path)
        check_size(path, header.width, header.height, options, _BYTES)
        count = header.width * header.height * header.channels
        values = np.fromfile(path, f"{header.order}f4", count, offset=header.start)
        if len(values) < count:
            raise InputError(f"{path}: truncated PFM file ({len(values)} of {count} numbers); copy it again")
        rows = values.reshape(header.height, header.width, header.channels)[::-1].astype(np.float32, copy=False)
        pixels, notes = choose_stored(rows, path)
        return Decoded(self.summary(path), pixels, True, notes)


def _header_of(path: Path) -> _Header:
    with path.open("rb") as stream:
        found = _HEADER.match(stream.read(_LONGEST_HEADER))
    try:
        scale = 0.0 if found is None else float(found[4])
    except ValueError:
        scale = 0.0
    if found is None or not int(found[2]) * int(found[3]) or not scale:
        raise InputError(f"{path}: truncated or corrupt PFM header (expected width, height and scale)")
    return _Header(int(found[2]), int(found[3]), _CHANNELS[found[1]], "<" if scale < 0 else ">", found.end())

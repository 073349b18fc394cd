"""Pixels out of files: one call for every format."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdrgen.io.channels import choose_channels
from hdrgen.io.formats import Format, detect
from hdrgen.io.headers import Header, check_size, header_of, opened, orientation_of, read_header, unreadable_note
from hdrgen.io.image import Image, Pixels
from hdrgen.io.pixels import decode, upright
from hdrgen.io.radiance import checked_radiance
from hdrgen.io.raw import read_raw_pixels


class _Decoded(NamedTuple):
    header: Header
    pixels: Pixels
    notes: Sequence[str]
    chromaticities: tuple[float, ...] | None = None


def read_image(path: str | Path, *, max_megapixels: float = 500, clean: bool = False) -> Image:
    """Read JPEG, PNG, TIFF, Radiance .hdr, OpenEXR or camera RAW; the content decides, not the suffix.

    Pixels keep their precision: 16 bits never pass through 8, half stays half. EXIF orientation is applied. Grey is
    copied to three channels and alpha is dropped, each with a warning. RAW and floating point files are linear
    radiance. Radiance is relative: a Radiance file's EXPOSURE line is not applied. Of an OpenEXR file the data window
    is read, of the first part with RGB.

    Args:
        path: the file.
        max_megapixels: refuse larger images from their header, before memory is taken for them.
        clean: replace what radiance cannot be (see `hdrgen.io.radiance.checked_radiance`) instead of failing.

    Warns:
        UserWarning: grey or alpha handled; black or negative pixels in radiance, with their count; unreadable EXIF.

    Raises:
        InputError: no readable file of these formats; truncated or corrupt; another channel count or number type;
            larger than `max_megapixels`; NaN or infinite radiance without `clean`.
    """
    path = Path(path)
    kind = detect(path)
    read = _read_raw if kind is Format.RAW else _read_plain
    header, pixels, notes, chromaticities = read(path, kind, max_megapixels)
    linear = kind is Format.RAW or bool(np.issubdtype(pixels.dtype, np.floating))
    if linear and kind is not Format.RAW:
        pixels, found = checked_radiance(pixels, path, clean=clean)
        notes = [*notes, *found]
    if header.reading.unreadable:
        notes = [*notes, unreadable_note(header.reading)]
    if notes:
        warnings.warn(f"{path}: {'; '.join(notes)}", stacklevel=2)
    return Image(pixels, linear, header.reading.exposure, chromaticities)


def _read_raw(path: Path, kind: Format, max_megapixels: float) -> _Decoded:
    header = read_header(path)
    check_size(path, header.width, header.height, max_megapixels)
    return _Decoded(header, *read_raw_pixels(path))


def _read_plain(path: Path, kind: Format, max_megapixels: float) -> _Decoded:
    with opened(path, kind, max_megapixels) as reader:
        choice = choose_channels(reader, path, kind)
        spec = reader.spec()
        header = header_of(spec, path, kind)
        check_size(path, header.width, header.height, max_megapixels)
        pixels = upright(decode(reader, choice, path, kind), orientation_of(spec))
        return _Decoded(header, pixels, choice.notes, _chromaticities(spec))


def _chromaticities(spec: Any) -> tuple[float, ...] | None:
    value = spec.getattribute("chromaticities")
    return tuple(float(number) for number in value) if isinstance(value, tuple) and len(value) == 8 else None

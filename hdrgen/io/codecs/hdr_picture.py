"""HDR pictures to look at: Ultra HDR JPEG, JPEG XL and AVIF, out of radiance."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs import avif, jpeg_picture, jpeg_xl, ultra_hdr
from hdrgen.io.codecs.gain_map import gain_map_between, rolled_off
from hdrgen.io.codecs.openimageio_writing import Tags, complete_or_nothing, save
from hdrgen.io.colour import BT709, BT2020, ColourSpace, converted, named_like
from hdrgen.io.image import Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.metadata.cicp import FULL_RADIANCE, pq_levels, pq_of
from hdrgen.io.rows import by_rows

ULTRA_HDR_SUFFIXES = (".uhdr.jpg", ".uhdr.jpeg")
SUFFIXES = (".jxl", ".avif", *ULTRA_HDR_SUFFIXES)
_MATRIX_IDENTITY, _FULL_RANGE = 0, 1
_QUALITY, _LOSSLESS = 95, 100
_EFFORT = 2  # of libjxl, 1 to 9; its usual 7 takes twenty times as long for 3 % smaller files


def write(
    path: Path,
    suffix: str,
    radiance: Pixels,
    tags: Tags,
    *,
    quality: int | None,
    colour_space: ColourSpace | None,
    base: Pixels | None,
) -> None:
    """Convert into the colours of the file and write it; the options are those of `write_image`.

    Raises:
        InputError: a base of another shape or number type; chromaticities that the format has no number for, without
            `colour_space`; AVIF without imagecodecs; the file cannot be written.
    """
    source = tags.chromaticities or BT709.chromaticities
    space = colour_space or (_own_space(path, source) if suffix in ULTRA_HDR_SUFFIXES else BT2020)
    tags = replace(tags, chromaticities=space.chromaticities)
    if suffix in ULTRA_HDR_SUFFIXES:
        pixels = converted(radiance, source, space.chromaticities)
        _warn_of_clipping(path, _above(pixels))
        shown = rolled_off(pixels) if base is None else _checked_base(path, base, pixels)
        _save_bytes(path, lambda: _ultra_hdr(pixels, shown, tags, quality or _QUALITY))
        return
    levels, above = _pq_levels(radiance, source, space, 10 if suffix == ".avif" else 16)
    _warn_of_clipping(path, above)
    if suffix == ".avif":
        _save_bytes(path, lambda: avif.encoded(path, levels, pq_of(space), quality or _QUALITY, tags.exif()))
    else:
        _save_jpeg_xl(path, levels, space, tags, quality or _LOSSLESS)


def _pq_levels(radiance: Pixels, source: tuple[float, ...], space: ColourSpace, bits: int) -> tuple[Pixels, int]:
    """In the colours of the file, band by band, so that the picture is not held as float once more; how many clip."""
    above = 0

    def levels(rows: Pixels) -> Pixels:
        nonlocal above
        pixels = converted(rows, source, space.chromaticities)
        above += _above(pixels)
        return pq_levels(pixels, bits)

    return by_rows(levels, radiance, np.uint16), above


def _above(pixels: Pixels) -> int:
    """How many pixels are too bright for these formats."""
    return int((pixels > FULL_RADIANCE).any(axis=-1).sum())


def _own_space(path: Path, chromaticities: tuple[float, ...]) -> ColourSpace:
    space = named_like(chromaticities)
    if space is None:
        raise InputError(f"{path}: expected pixels in BT.709, Display P3 or BT.2020, found others; give a colour_space")
    return space


def _warn_of_clipping(path: Path, above: int) -> None:
    if above:
        limit = f"{FULL_RADIANCE:.4g} (10,000 cd/m2)"
        told = f"{path}: {above} pixels are brighter than {limit}, where this format ends; clipped"
        warnings.warn(told, stacklevel=4)


def _checked_base(path: Path, base: Pixels, pixels: Pixels) -> Pixels:
    base = np.asarray(base)
    if base.shape != pixels.shape or base.dtype.kind not in "uf" or not np.isfinite(base).all():
        expected = f"a base of finite display values of shape {pixels.shape}"
        raise InputError(f"{path}: expected {expected}, found {base.dtype} of shape {base.shape}")
    return np.ascontiguousarray(quantised(base, 8))


def _save_bytes(path: Path, content: Callable[[], bytes]) -> None:
    with complete_or_nothing(path) as temporary:
        temporary.write_bytes(content())


def _ultra_hdr(pixels: Pixels, base: Pixels, tags: Tags, quality: int) -> bytes:
    gain_map = gain_map_between(base, pixels, full=FULL_RADIANCE)
    picture = jpeg_picture.encoded(base, quality, exif=tags.exif(), profile=tags.profile())
    return ultra_hdr.assembled(picture, gain_map, quality)


def _save_jpeg_xl(path: Path, levels: Pixels, space: ColourSpace, tags: Tags, quality: int) -> None:
    cicp = (*pq_of(space), _MATRIX_IDENTITY, _FULL_RANGE)
    with complete_or_nothing(path) as temporary:
        settings = {"CICP": cicp, "compression": f"jpegxl:{quality}", "jpegxl:effort": _EFFORT}
        save(temporary, levels, settings)
        if exif := tags.exif():
            temporary.write_bytes(jpeg_xl.with_exif(temporary.read_bytes(), exif))

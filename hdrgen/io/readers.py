"""Pixels out of files: one call for every format."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs import avif, jpeg_picture, ultra_hdr
from hdrgen.io.codecs.channels import choose_channels, choose_stored
from hdrgen.io.codecs.gain_map import applied
from hdrgen.io.codecs.openimageio_reading import decode, upright
from hdrgen.io.codecs.raw import read_raw_pixels
from hdrgen.io.colour import BT709, ColourSpace, converted, same_colours
from hdrgen.io.formats import Format, detect
from hdrgen.io.headers import (
    Header,
    check_size,
    check_tiles,
    header_of,
    opened,
    orientation_in,
    orientation_of,
    read_header,
    unreadable_note,
)
from hdrgen.io.image import Image, Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.metadata.cicp import Cicp, radiance_of
from hdrgen.io.metadata.icc import chromaticities_of
from hdrgen.io.metadata.tags import chromaticities_in, cicp_in
from hdrgen.io.radiance import checked_radiance

_SDR = "read as an ordinary photograph, without its gain map (Python: gain_map=True)"


class _Decoded(NamedTuple):
    header: Header
    pixels: Pixels
    linear: bool
    notes: Sequence[str] = ()
    chromaticities: tuple[float, ...] | None = None


def read_image(
    path: str | Path,
    *,
    max_megapixels: float = 500,
    clean: bool = False,
    gain_map: bool = False,
    colour_space: ColourSpace | None = None,
) -> Image:
    """Read JPEG, PNG, TIFF, Radiance .hdr, OpenEXR, JPEG XL, AVIF or camera RAW; the content decides, not the suffix.

    Pixels keep their precision: 16 bits never pass through 8, half stays half. EXIF orientation is applied. Grey is
    copied to three channels and alpha is dropped, each with a warning. RAW and floating point files are linear
    radiance, and so are AVIF and JPEG XL with the curve PQ, whose 203 cd/m2 are radiance 1, as float32. Radiance is
    relative: a Radiance file's EXPOSURE line is not applied. Of an OpenEXR file the data window is read, of the first
    part with RGB.

    A JPEG with a gain map (Ultra HDR) is read as the photograph that every viewer shows; `gain_map` makes the HDR
    picture of it, float32 radiance in which SDR white is 1.

    Args:
        path: the file.
        max_megapixels: refuse larger images from their header, before memory is taken for them.
        clean: replace what radiance cannot be (see `hdrgen.io.radiance.checked_radiance`) instead of failing.
        gain_map: apply the gain map of a JPEG that has one.
        colour_space: convert radiance into it; a file that does not name its colours is taken for BT.709. Default: the
            file's own, which `chromaticities` gives.

    Warns:
        UserWarning: grey or alpha handled; a gain map left out; black or negative pixels in radiance, with their count;
            unreadable EXIF.

    Raises:
        InputError: no readable file of these formats; truncated or corrupt; another channel count or number type;
            larger than `max_megapixels`; NaN or infinite radiance without `clean`; `colour_space` for display values
            in other colours; AVIF without imagecodecs.
    """
    path = Path(path)
    kind = detect(path)
    if kind is Format.JPEG and ultra_hdr.may_hold_gain_map(path):
        decoded = _read_ultra_hdr(path, max_megapixels, gain_map=gain_map)
    else:
        decoded = _READERS.get(kind, _read_plain)(path, kind, max_megapixels)
    image, notes = _finished(decoded, kind, clean=clean, colour_space=colour_space)
    if notes:
        warnings.warn(f"{path}: {'; '.join(notes)}", stacklevel=2)
    return image


def _finished(
    decoded: _Decoded, kind: Format, *, clean: bool, colour_space: ColourSpace | None
) -> tuple[Image, list[str]]:
    """The image in the colours asked for, and all there is to tell of it."""
    header, pixels, linear, notes, chromaticities = decoded
    notes = list(notes)
    if linear and kind is not Format.RAW:
        pixels, found = checked_radiance(pixels, header.path, clean=clean)
        notes.extend(found)
    if header.reading.unreadable:
        notes.append(unreadable_note(header.reading))
    if colour_space is not None:
        pixels, chromaticities = _in_colours(header.path, pixels, linear, chromaticities, colour_space)
    reading = header.reading
    return Image(pixels, linear, reading.exposure, chromaticities, reading.camera), notes


def _in_colours(
    path: Path, pixels: Pixels, linear: bool, have: tuple[float, ...] | None, want: ColourSpace
) -> tuple[Pixels, tuple[float, ...]]:
    source = have or BT709.chromaticities
    if not same_colours(source, want.chromaticities):
        if not linear or pixels.dtype.kind == "u":
            raise InputError(f"{path}: expected radiance to convert to {want.name}, found display values or RAW")
        pixels = converted(pixels, source, want.chromaticities)
    return pixels, want.chromaticities


def _read_raw(path: Path, kind: Format, max_megapixels: float) -> _Decoded:
    header = read_header(path)
    check_size(path, header.width, header.height, max_megapixels)
    pixels, notes = read_raw_pixels(path)
    return _Decoded(header, pixels, True, notes)


def _read_plain(path: Path, kind: Format, max_megapixels: float) -> _Decoded:
    with opened(path, kind, max_megapixels) as reader:
        choice = choose_channels(reader, path, kind)
        spec = reader.spec()
        header = header_of(spec, path, kind)
        check_size(path, header.width, header.height, max_megapixels)
        check_tiles(path, spec, max_megapixels)
        pixels = upright(decode(reader, choice, path, kind), orientation_of(spec))
        return _Decoded(header, pixels, pixels.dtype.kind == "f", choice.notes, chromaticities_in(spec, path, kind))


def _read_ultra_hdr(path: Path, max_megapixels: float, *, gain_map: bool) -> _Decoded:
    """The base, or what the gain map makes of it."""
    header = read_header(path)
    check_size(path, header.width, header.height, max_megapixels)
    stored = jpeg_picture.summary(path)
    base, turn = jpeg_picture.decoded(path.read_bytes(), path), orientation_in(stored.metadata)
    colours = stored.chromaticities
    found = ultra_hdr.find(path)
    if found is None or not gain_map:
        notes = [] if found is None else [_SDR]
        if found is None and gain_map:
            notes = ["no gain map of ISO 21496-1 or Ultra HDR found; the photograph alone is read"]
        return _Decoded(header, upright(base, turn), False, notes, colours)
    own = None if found.meaning.in_base_colours else chromaticities_of(found.profile)
    pixels = applied(ultra_hdr.read(path, found, max_megapixels), base, colours, own)
    return _Decoded(header, upright(pixels, turn), True, (), own or colours)


def _read_jpeg_xl(path: Path, kind: Format, max_megapixels: float) -> _Decoded:
    header = read_header(path)
    check_size(path, header.width, header.height, max_megapixels)
    with opened(path, kind) as reader:
        choice = choose_channels(reader, path, kind)
        spec = reader.spec()
        check_size(path, spec.width, spec.height, max_megapixels)
        cicp, chromaticities = cicp_in(spec), chromaticities_in(spec, path, kind)
        pixels = decode(reader, choice, path, kind)
    stored = 8 * pixels.dtype.itemsize
    return _pictured(_Decoded(header, pixels, False, choice.notes, chromaticities), cicp, stored)


def _read_avif(path: Path, kind: Format, max_megapixels: float) -> _Decoded:
    found = avif.summary(path)
    check_size(path, found.width, found.height, max_megapixels)
    check_size(path, *avif.coded_size(path), max_megapixels)
    header = read_header(path)
    levels = avif.decoded(path, found)
    pixels, notes = choose_stored(levels, path)
    chromaticities = found.cicp.chromaticities if found.cicp else None
    return _pictured(_Decoded(header, pixels, False, notes, chromaticities), found.cicp, found.bits)


def _pictured(decoded: _Decoded, cicp: Cicp | None, bits: int) -> _Decoded:
    """Radiance of the values of an HDR picture; display values at 8 or 16 bits of an SDR one."""
    pixels = decoded.pixels
    if cicp is not None and cicp.is_radiance:
        try:
            return decoded._replace(pixels=radiance_of(pixels, cicp, bits), linear=True)
        except ValueError as error:
            raise InputError(f"{decoded.header.path}: {error}; convert the file") from error
    if pixels.dtype.kind == "f":
        return decoded._replace(pixels=quantised(pixels, 16))
    if pixels.dtype == np.uint16 and bits < 16:
        full = np.uint32(2**bits - 1)
        pixels = ((np.minimum(pixels, full) * np.uint32(65535) + full // 2) // full).astype(np.uint16)
    return decoded._replace(pixels=pixels)


_READERS: dict[Format, Callable[[Path, Format, float], _Decoded]] = {
    Format.RAW: _read_raw,
    Format.JPEG_XL: _read_jpeg_xl,
    Format.AVIF: _read_avif,
}

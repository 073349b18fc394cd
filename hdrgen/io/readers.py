"""Pixels out of files: one call for every format."""

from __future__ import annotations

import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.channels import Choice, choose_by_count, choose_named
from hdrgen.io.exif import exposure_from
from hdrgen.io.formats import Format, detect
from hdrgen.io.headers import metadata_of, one_line, opened, orientation_of, upright_size, warn_unreadable
from hdrgen.io.image import Image, Pixels
from hdrgen.io.radiance import checked_radiance
from hdrgen.io.raw import read_raw_header, read_raw_pixels

_PIXEL_TYPES = {"uint8": "uint8", "uint16": "uint16", "half": "half", "float": "float", "double": "float"}
_ALL_PIXELS_PRESENT = "extraneous bytes before marker 0xd9"  # libjpeg's note on padding that some cameras write


def read_image(path: str | Path, *, max_megapixels: float = 500, clean: bool = False) -> Image:
    """Read JPEG, PNG, TIFF, Radiance .hdr, OpenEXR or camera RAW; the content decides, not the suffix.

    Pixels keep their precision: 16 bits never pass through 8, half stays half. EXIF orientation is applied. Grey is
    copied to three channels and alpha is dropped, each with a warning. RAW and floating point files are linear
    radiance; radiance is relative (a Radiance file's EXPOSURE line is not applied).

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
    image = _read_raw(path, max_megapixels) if kind is Format.RAW else _read_plain(path, kind, max_megapixels)
    if np.issubdtype(image.pixels.dtype, np.floating):
        pixels = checked_radiance(image.pixels, path, clean=clean)
        return Image(pixels, image.linear, image.exposure, image.chromaticities)
    return image


def _check_size(path: Path, width: int, height: int, limit: float) -> None:
    megapixels = width * height / 1e6
    if megapixels > limit:
        raise InputError(
            f"{path}: {width} x {height} is {megapixels:.4g} megapixels, over the limit of {limit:g};"
            " raise max_megapixels if the file is right"
        )


def _read_raw(path: Path, max_megapixels: float) -> Image:
    width, height, reading = read_raw_header(path)
    _check_size(path, width, height, max_megapixels)
    warn_unreadable(path, reading)
    return Image(read_raw_pixels(path), linear=True, exposure=reading.exposure)


def _read_plain(path: Path, kind: Format, max_megapixels: float) -> Image:
    with opened(path, kind) as reader:
        part, choice = _choose_part(reader, path, kind)
        spec = reader.spec()
        _check_size(path, *upright_size(spec), max_megapixels)
        if kind is Format.PNG:
            _check_png_chunks(path)
        pixels = _decode(reader, part, choice, path, kind)
        metadata = metadata_of(spec)
        orientation = orientation_of(spec)
    if choice.note:
        warnings.warn(f"{path}: {choice.note}", stacklevel=3)
    reading = exposure_from(metadata)
    warn_unreadable(path, reading)
    linear = np.issubdtype(pixels.dtype, np.floating)
    return Image(_upright(pixels, orientation), bool(linear), reading.exposure, _chromaticities(metadata))


def _choose_part(reader: Any, path: Path, kind: Format) -> tuple[int, Choice]:
    """The first part with RGB of a multi-part OpenEXR file; other formats have their picture in the first."""
    if kind is not Format.EXR:
        count = reader.spec().nchannels
        choice = choose_by_count(count)
        if choice is None:
            raise InputError(f"{path}: expected 1 (grey), 3 (RGB) or 4 (RGB and alpha) channels, found {count}")
        return 0, choice
    found: list[str] = []
    fallback: tuple[int, Choice] | None = None
    part = 0
    while reader.seek_subimage(part, 0):
        names = reader.spec().channelnames
        found.extend(names)
        choice = None if reader.spec().deep else choose_named(names)
        if choice is not None and len(choice.indices) == 3:
            return part, choice
        if choice is not None and fallback is None:
            fallback = part, choice
        part += 1
    reader.geterror()  # seeking past the last part is an error to OpenImageIO
    if fallback is None or not reader.seek_subimage(fallback[0], 0):
        raise InputError(f"{path}: expected channels R, G, B (in any layer) or Y, found {', '.join(found)}")
    return fallback


def _decode(reader: Any, part: int, choice: Choice, path: Path, kind: Format) -> Pixels:
    spec = reader.spec()
    formats = {str(spec.channelformat(index)) for index in choice.indices}
    wanted = _pixel_type(formats, path)
    first, last = min(choice.indices), max(choice.indices) + 1
    block = reader.read_image(part, 0, first, last, wanted)
    error = reader.geterror()
    if error and _ALL_PIXELS_PRESENT not in error:
        raise InputError(f"{path}: truncated or corrupt {kind.name} file ({one_line(error)})")
    if block is None:
        raise InputError(f"{path}: truncated or corrupt {kind.name} file (no pixels could be read)")
    planes = [index - first for index in choice.indices]
    if len(planes) == 1:
        planes *= 3
    return block if planes == list(range(block.shape[-1])) else np.ascontiguousarray(block[..., planes])


def _pixel_type(formats: set[str], path: Path) -> str:
    unknown = formats - _PIXEL_TYPES.keys()
    if unknown:
        raise InputError(f"{path}: expected 8 or 16 bit integers or floats, found {', '.join(sorted(unknown))}")
    return _PIXEL_TYPES[formats.pop()] if len(formats) == 1 else "float"


def _check_png_chunks(path: Path) -> None:
    """Walk the chunks and their checksums: libpng would print its complaint, and accepts a file without its end."""
    with path.open("rb") as stream:
        stream.seek(8)
        while True:
            head = stream.read(8)
            length = int.from_bytes(head[:4], "big")
            body = stream.read(length + 4)
            if len(head) < 8 or len(body) < length + 4:
                raise InputError(f"{path}: truncated PNG file (ends within a chunk)")
            if zlib.crc32(body[:-4], zlib.crc32(head[4:])) != int.from_bytes(body[-4:], "big"):
                name = head[4:].decode("ascii", "replace")
                raise InputError(f"{path}: corrupt PNG file (checksum of chunk {name!r} is wrong)")
            if head[4:] == b"IEND":
                return


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """Undo EXIF orientation: transpose for 5 to 8, then mirror columns (2, 3, 6, 7) and rows (3, 4, 7, 8)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _chromaticities(metadata: dict[str, object]) -> tuple[float, ...] | None:
    value = metadata.get("chromaticities")
    return tuple(float(number) for number in value) if isinstance(value, tuple) and len(value) == 8 else None

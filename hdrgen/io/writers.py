"""Pixels into files: whole or not at all."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.exif import EV_ATTRIBUTE
from hdrgen.io.exposure import Exposure
from hdrgen.io.formats import check_name
from hdrgen.io.headers import reason
from hdrgen.io.image import Pixels

_HALF_MAX = 65504.0
_RADIANCE_SUFFIXES = (".hdr", ".exr")
_JPEG_SUFFIXES = (".jpg", ".jpeg")
_OIIO_TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
_LARGEST_DENOMINATOR = 1_000_000
_HARMLESS = "failed TIFFWriteCustomDirectory() of the Exif data"  # OpenImageIO's remark on any TIFF file without EXIF
_DEPTHS = {".png": (8, 16), ".tif": (8, 16, 32), ".tiff": (8, 16, 32), ".jpg": (8,), ".jpeg": (8,)}


class ExifTag(IntEnum):
    """Numbers of EXIF tags."""

    FOLDER = 0x8769
    TIME = 0x829A
    FNUMBER = 0x829D
    ISO = 0x8827


def write_image(
    path: str | Path,
    pixels: Pixels,
    *,
    bits: int | None = None,
    quality: int = 95,
    float32: bool = False,
    exposure: Exposure | None = None,
    chromaticities: tuple[float, ...] | None = None,
) -> Path:
    """Write an image in the format of the suffix: .hdr, .exr, .tif(f), .png, .jp(e)g.

    The file appears under its name only once it is complete: it is written beside it under a hidden temporary name,
    then renamed. A missing folder is made. All compression but JPEG and the 8-bit mantissa of .hdr is lossless.

    .hdr and .exr take float radiance. Radiance above 65504, which half cannot hold, is written as 32-bit float
    instead, with a warning. .hdr cannot hold negative values: they become 0, with a warning. Floats in PNG, JPEG and
    8 or 16-bit TIFF are display values, clipped to [0, 1] and rounded to the nearest level; integers change depth by
    scaling (255 <-> 65535).

    Args:
        path: where to; its suffix chooses the format.
        pixels: (H, W, 3) RGB or (H, W) grey, uint8, uint16, float16, float32 or float64; never changed.
        bits: 8 or 16 for PNG, also 32 (float) for TIFF. Default: uint16 gives 16; float gives a 32-bit TIFF, else 8.
        quality: of JPEG, 1 to 100; colour is kept at full resolution (4:4:4).
        float32: write .exr in 32-bit float rather than half.
        exposure: kept as EXIF or OpenEXR attributes; TIFF keeps time and f-number only, .hdr nothing.
        chromaticities: x, y of red, green, blue and white, kept in .exr.

    Returns:
        The path written.

    Raises:
        InputError: another suffix, shape or number type; NaN or infinite pixels; a folder of that name; no permission
            or no space.
    """
    path = Path(path)
    checked = _checked_pixels(path, pixels)
    _check_options(path, quality, chromaticities)
    if path.suffix.lower() in _RADIANCE_SUFFIXES:
        stored = _radiance(path, checked, float32)
    else:
        stored = _levels(path, checked, bits)
    with _complete_or_nothing(path) as temporary:
        if path.suffix.lower() in _JPEG_SUFFIXES:
            _save_jpeg(temporary, stored, exposure or Exposure(), quality)
        else:
            _save(temporary, stored, _attributes(path, exposure, chromaticities))
    return path


def _checked_pixels(path: Path, pixels: Pixels) -> Pixels:
    check_name(path)
    suffix = path.suffix.lower()
    if suffix not in _DEPTHS and suffix not in _RADIANCE_SUFFIXES:
        known = " ".join((*_RADIANCE_SUFFIXES, *_DEPTHS))
        raise InputError(f"{path}: expected one of the suffixes {known}, found {suffix or 'none'!r}")
    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or not pixels.size:
        raise InputError(f"{path}: expected pixels of shape (H, W, 3), found {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16, np.float16, np.float32, np.float64):
        raise InputError(f"{path}: expected uint8, uint16 or float pixels, found {pixels.dtype}")
    if np.issubdtype(pixels.dtype, np.floating) and not np.isfinite(pixels).all():
        count = int((~np.isfinite(pixels)).any(axis=-1).sum())
        raise InputError(f"{path}: not written, {count} pixels are NaN or infinite; clean the image first")
    return pixels


def _check_options(path: Path, quality: int, chromaticities: tuple[float, ...] | None) -> None:
    if not 1 <= quality <= 100:
        raise InputError(f"{path}: expected a JPEG quality from 1 to 100, found {quality}")
    if chromaticities is not None and len(chromaticities) != 8:
        raise InputError(f"{path}: expected 8 chromaticities (x, y of R, G, B and white), found {len(chromaticities)}")


def _radiance(path: Path, pixels: Pixels, float32: bool) -> Pixels:
    if np.issubdtype(pixels.dtype, np.integer):
        raise InputError(f"{path}: expected float radiance, found {pixels.dtype} display values; linearise them first")
    if path.suffix.lower() == ".hdr":
        return _without_negatives(path, pixels.astype(np.float32, copy=False))
    largest = float(np.abs(pixels).max())
    if not float32 and largest > _HALF_MAX:
        warnings.warn(f"{path}: radiance up to {largest:.4g} does not fit half; written as 32-bit float", stacklevel=3)
    return pixels.astype(np.float32 if float32 or largest > _HALF_MAX else np.float16, copy=False)


def _without_negatives(path: Path, pixels: Pixels) -> Pixels:
    negative = int((pixels < 0).any(axis=-1).sum())
    if negative:
        warnings.warn(f"{path}: {negative} pixels are negative, which .hdr cannot hold; written as 0", stacklevel=4)
    return np.clip(pixels, 0, None) if negative else pixels


def _levels(path: Path, pixels: Pixels, bits: int | None) -> Pixels:
    allowed = _DEPTHS[path.suffix.lower()]
    default = {"u": 8 * pixels.dtype.itemsize, "f": 32}[pixels.dtype.kind]
    depth = bits if bits is not None else default if default in allowed else 8
    if depth not in allowed:
        raise InputError(f"{path}: expected bits of {' or '.join(map(str, allowed))} for {path.suffix}, found {depth}")
    return quantised(pixels, depth)


def quantised(pixels: Pixels, bits: int) -> Pixels:
    """Display values or levels at another depth: 8 or 16-bit levels, or 32-bit float.

    level = floor(clip(display, 0, 1) * (2^bits - 1) + 1/2); integers are display values level / (2^bits - 1).

    >>> quantised(np.array([-1.0, 0.5, 2.0]), 8)
    array([  0, 128, 255], dtype=uint8)
    >>> quantised(np.array([128], np.uint8), 16)
    array([32896], dtype=uint16)
    """
    target = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16), 32: np.dtype(np.float32)}[bits]
    if pixels.dtype == target:
        return pixels
    if pixels.dtype.kind == "u":
        display = pixels.astype(np.float64) / np.iinfo(pixels.dtype).max
    else:
        display = pixels.astype(np.float64 if bits == 16 else np.float32, copy=False)
    if bits == 32:
        return display.astype(np.float32, copy=False)
    levels: Pixels = (np.clip(display, 0, 1) * (2**bits - 1) + 0.5).astype(target)
    return levels


def _attributes(path: Path, exposure: Exposure | None, chromaticities: tuple[float, ...] | None) -> dict[str, object]:
    """Settings of the file, under the names by which OpenImageIO keeps them in each format."""
    # Not every reader knows the float predictor. Without an empty date, OpenImageIO would write the present one.
    found: dict[str, object] = {"Compression": "zip", "tiff:predictor": 1, "DateTime": ""}
    if exposure is not None:
        found |= {"ExposureTime": exposure.time, "FNumber": exposure.fnumber}
    if exposure is not None and path.suffix.lower() == ".exr":
        found |= {"isoSpeed": exposure.iso, EV_ATTRIBUTE: exposure.ev}
    elif exposure is not None and exposure.iso is not None:
        found["Exif:PhotographicSensitivity"] = round(exposure.iso)
    if path.suffix.lower() == ".exr":
        found["chromaticities"] = chromaticities
    return {name: value for name, value in found.items() if value is not None}


@contextmanager
def _complete_or_nothing(path: Path) -> Iterator[Path]:
    """A temporary name beside `path` that becomes `path` at the end, or vanishes if writing fails.

    The name starts with a dot, so that what a killed process leaves behind is not taken for an image.

    Raises:
        InputError: the folder cannot be made or written, or `path` is a folder.
    """
    if path.is_dir():
        raise InputError(f"{path}: expected a file name, found a folder; choose another name")
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); check folder and free space"
        ) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _save(path: Path, pixels: Pixels, attributes: dict[str, object]) -> None:
    """Write through OpenImageIO, which picks the format by suffix.

    Raises:
        OSError: with OpenImageIO's reason.
    """
    import OpenImageIO as oiio

    height, width, _ = pixels.shape
    spec = oiio.ImageSpec(width, height, 3, _OIIO_TYPES[pixels.dtype.name])
    for name, value in attributes.items():
        if isinstance(value, tuple):
            spec.attribute(name, f"float[{len(value)}]", value)
        else:
            spec.attribute(name, value)
    output: Any = oiio.ImageOutput.create(str(path))
    written = output.open(str(path), spec) and output.write_image(np.ascontiguousarray(pixels))
    closed = output.close()
    error = output.geterror()  # the return values alone miss a full disk under a PNG file
    if not (written and closed) or error not in ("", _HARMLESS):
        raise OSError(reason(error, path))


def _save_jpeg(path: Path, pixels: Pixels, exposure: Exposure, quality: int) -> None:
    """Write through imageio: the JPEG writer of OpenImageIO ends the process when the disk is full.

    Raises:
        OSError: the file cannot be written.
    """
    import imageio.v3 as iio
    from PIL.Image import Exif
    from PIL.TiffImagePlugin import IFDRational

    rational = {ExifTag.TIME: exposure.time, ExifTag.FNUMBER: exposure.fnumber}
    exif = Exif()
    tags = exif.get_ifd(ExifTag.FOLDER)
    for tag, value in rational.items():
        if value is not None:
            tags[tag] = IFDRational(Fraction(value).limit_denominator(_LARGEST_DENOMINATOR))
    if exposure.iso is not None:
        tags[ExifTag.ISO] = round(exposure.iso)
    options: dict[str, Any] = {"quality": quality, "subsampling": 0, "exif": exif}  # 0 is 4:4:4
    iio.imwrite(path, pixels, plugin="pillow", **options)

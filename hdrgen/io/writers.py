"""Pixels into files: one call for every format."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs import avif, jpeg_picture
from hdrgen.io.codecs import hdr_picture as pictures
from hdrgen.io.codecs.openimageio_writing import Tags, complete_or_nothing, save
from hdrgen.io.codecs.radiance_hdr import add_primaries
from hdrgen.io.colour import (
    BT709,
    ColourSpace,
    conversion,
    converted,
    same_colours,
    srgb_decoded,
    srgb_encoded,
)
from hdrgen.io.exposure import Camera, Exposure
from hdrgen.io.formats import check_name
from hdrgen.io.image import Image, Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.metadata.exif import EV_ATTRIBUTE
from hdrgen.io.metadata.exif_in_place import complete_tiff, correct_png
from hdrgen.io.rows import by_rows

_HALF_MAX = 65504.0
_RADIANCE_SUFFIXES = (".hdr", ".exr")
_TIFF_SUFFIXES = (".tif", ".tiff")
_JPEG_SUFFIXES = (".jpg", ".jpeg")
_DEPTHS = {".png": (8, 16), ".tif": (8, 16, 32), ".tiff": (8, 16, 32), ".jpg": (8,), ".jpeg": (8,)}
_QUALITY = 95
_PNG_LEVEL = 4  # of zlib: half the time of its usual 6 for files that are 7 % larger


def write_image(
    path: str | Path,
    pixels: Pixels | Image,
    *,
    bits: int | None = None,
    quality: int | None = None,
    float32: bool = False,
    exposure: Exposure | None = None,
    camera: Camera | None = None,
    chromaticities: tuple[float, ...] | None = None,
    colour_space: ColourSpace | None = None,
    base: Pixels | None = None,
) -> Path:
    """Write an image in the format of the suffix: .hdr .exr .tif(f) .png .jp(e)g .jxl .avif .uhdr.jp(e)g.

    The file appears under its name only once it is complete: it is written beside it under a hidden temporary name,
    then renamed. A missing folder is made. All compression but JPEG, AVIF and the 8-bit mantissa of .hdr is lossless.

    .hdr and .exr take float radiance. Radiance above 65504, which half cannot hold, is written as 32-bit float
    instead, with a warning. .hdr cannot hold negative values: they become 0, with a warning. Floats in PNG, JPEG and
    8 or 16-bit TIFF are display values, clipped to [0, 1] and rounded to the nearest level; integers change depth by
    scaling (255 <-> 65535).

    .jxl, .avif and .uhdr.jpg are HDR pictures to look at, made of float radiance in which 1 is SDR white (203 cd/m2).
    JPEG XL (16 bits) and AVIF (10 bits) store the curve PQ, in BT.2020 unless `colour_space` says otherwise. Ultra HDR
    is a JPEG of 8 bits with a gain map. All three end at 10,000 cd/m2, radiance 49.26: what is above is clipped, with a
    warning, and negative values become 0.

    Args:
        path: where to; its suffix chooses the format.
        pixels: (H, W, 3) RGB or (H, W) grey, uint8, uint16, float16, float32 or float64; never changed. Or an image as
            `read_image` gives it, whose exposure, camera and chromaticities are then kept unless others are given.
        bits: 8 or 16 for PNG, also 32 (float) for TIFF. Default: uint16 gives 16; float gives a 32-bit TIFF, else 8.
        quality: of JPEG, Ultra HDR, AVIF and JPEG XL, 1 to 100; colour is kept at full resolution (4:4:4). Default: 95,
            and 100 for JPEG XL, which is lossless: below, its dark parts lose more than those of AVIF.
        float32: write .exr in 32-bit float rather than half.
        exposure: kept as EXIF or OpenEXR attributes; .hdr keeps nothing.
        camera: kept likewise.
        chromaticities: x, y of red, green, blue and white of `pixels`, kept in the file: as attribute in .exr and .hdr,
            as profile or number in the others. Default: BT.709, which .exr, .hdr, TIFF, PNG and JPEG leave unsaid.
        colour_space: convert into it first; display values are taken to have the sRGB curve.
        base: (H, W, 3) display values, the SDR picture of an Ultra HDR file, sRGB curve and in the colours of the file.
            Default: highlights rolled off (`hdrgen.io.codecs.gain_map.rolled_off`).

    Returns:
        The path written.

    Raises:
        InputError: another suffix, shape or number type; NaN or infinite pixels; a folder of that name; no permission
            or no space; a linear image into a format of display values; AVIF without imagecodecs.
    """
    path = Path(path)
    if isinstance(pixels, Image):
        exposure, camera = exposure or pixels.exposure, camera or pixels.camera
        chromaticities = chromaticities or pixels.chromaticities
        pixels = _pixels_of(path, pixels, bits)
    checked = _checked_pixels(path, pixels)
    _check_options(path, quality, chromaticities)
    suffix = suffix_of(path)
    if base is not None and suffix not in pictures.ULTRA_HDR_SUFFIXES:
        raise InputError(f"{path}: a base belongs to .uhdr.jpg, found {suffix}; leave it out")
    tags = Tags(exposure or Exposure(), camera, chromaticities)
    if suffix in pictures.SUFFIXES:
        pictures.write(path, suffix, checked, tags, quality=quality, colour_space=colour_space, base=base)
        return path
    depth = None if suffix in _RADIANCE_SUFFIXES else _depth(path, checked, bits)
    linear = checked.dtype.kind == "f" and depth in (None, 32)
    if colour_space is not None:
        checked, tags = _in_colours(checked, tags, colour_space, linear=linear)
    stored = _radiance(path, checked, float32) if depth is None else quantised(checked, depth)
    with complete_or_nothing(path) as temporary:
        _write(temporary, suffix, stored, tags, quality or _QUALITY)
    return path


def check_writable(path: Path) -> None:
    """Raise before long work whose result `write_image` could not write under this name.

    Raises:
        InputError: another suffix than it knows, or a codec that is not installed.
    """
    suffix = suffix_of(path)
    if suffix not in _DEPTHS and suffix not in _RADIANCE_SUFFIXES and suffix not in pictures.SUFFIXES:
        known = " ".join((*_RADIANCE_SUFFIXES, *_DEPTHS, *pictures.SUFFIXES))
        raise InputError(f"{path}: expected one of the suffixes {known}, found {suffix or 'none'!r}")
    if suffix == ".avif":
        avif.codec_for(path)


def suffix_of(path: Path) -> str:
    """The suffix that chooses the format, in lower case: the last one, or `.uhdr.jpg` and `.uhdr.jpeg`.

    >>> suffix_of(Path("sunset.v2.uhdr.JPG")), suffix_of(Path("uhdr.jpg"))
    ('.uhdr.jpg', '.jpg')
    """
    both = "".join(path.suffixes[-2:]).lower()
    return both if both in pictures.ULTRA_HDR_SUFFIXES else path.suffix.lower()


def _pixels_of(path: Path, image: Image, bits: int | None) -> Pixels:
    """Linear integers (RAW) as floats, so that no format takes them for display values."""
    if image.linear and _DEPTHS.get(suffix_of(path), (32,))[-1] != (bits or 32):
        raise InputError(f"{path}: expected display values, found a linear image; tone-map it first")
    return image.as_float() if image.linear and image.pixels.dtype.kind == "u" else image.pixels


def _in_colours(pixels: Pixels, tags: Tags, target: ColourSpace, *, linear: bool) -> tuple[Pixels, Tags]:
    """The pixels in the colours of the target, and tags that say so."""
    source = tags.chromaticities or BT709.chromaticities
    tags = replace(tags, chromaticities=target.chromaticities)
    if same_colours(source, target.chromaticities):
        return pixels, tags
    if linear:
        return converted(pixels, source, target.chromaticities), tags
    matrix = conversion(source, target.chromaticities).T

    def shown(rows: Pixels) -> Pixels:
        return srgb_encoded(srgb_decoded(quantised(rows, 32).astype(np.float64)) @ matrix)

    return by_rows(shown, pixels, np.float32), tags


def _checked_pixels(path: Path, pixels: Pixels) -> Pixels:
    check_name(path)
    check_writable(path)
    suffix = suffix_of(path)
    pixels = np.asarray(pixels)
    if pixels.ndim == 2:
        pixels = np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or not pixels.size:
        raise InputError(f"{path}: expected pixels of shape (H, W, 3), found {pixels.shape}")
    if pixels.dtype not in (np.uint8, np.uint16, np.float16, np.float32, np.float64):
        raise InputError(f"{path}: expected uint8, uint16 or float pixels, found {pixels.dtype}")
    if suffix not in _DEPTHS and pixels.dtype.kind == "u":
        raise InputError(f"{path}: expected float radiance, found {pixels.dtype} display values; linearise them first")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        count = int((~np.isfinite(pixels)).any(axis=-1).sum())
        raise InputError(f"{path}: not written, {count} pixels are NaN or infinite; clean the image first")
    return pixels


def _check_options(path: Path, quality: int | None, chromaticities: tuple[float, ...] | None) -> None:
    if quality is not None and not 1 <= quality <= 100:
        raise InputError(f"{path}: expected a quality from 1 to 100, found {quality}")
    if chromaticities is not None and len(chromaticities) != 8:
        raise InputError(f"{path}: expected 8 chromaticities (x, y of R, G, B and white), found {len(chromaticities)}")


def _radiance(path: Path, pixels: Pixels, float32: bool) -> Pixels:
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


def _depth(path: Path, pixels: Pixels, bits: int | None) -> int:
    allowed = _DEPTHS[path.suffix.lower()]
    default = {"u": 8 * pixels.dtype.itemsize, "f": 32}[pixels.dtype.kind]
    depth = bits if bits is not None else default if default in allowed else 8
    if depth not in allowed:
        raise InputError(f"{path}: expected bits of {' or '.join(map(str, allowed))} for {path.suffix}, found {depth}")
    return depth


def _write(path: Path, suffix: str, stored: Pixels, tags: Tags, quality: int) -> None:
    if suffix in _JPEG_SUFFIXES:
        # OpenImageIO's JPEG writer ends the process when the disk is full
        path.write_bytes(jpeg_picture.encoded(stored, quality, exif=tags.exif(), profile=tags.profile()))
        return
    save(path, stored, _attributes(suffix, tags, linear=stored.dtype.kind == "f"))
    if suffix == ".png":
        correct_png(path, tags.exif())
    elif suffix in _TIFF_SUFFIXES:
        complete_tiff(path, tags.exposure)
    elif suffix == ".hdr" and tags.chromaticities is not None:
        add_primaries(path, tags.chromaticities)


def _attributes(suffix: str, tags: Tags, *, linear: bool) -> dict[str, object]:
    """Settings of the file, under the names by which OpenImageIO keeps them in each format."""
    # Not every reader knows the float predictor. Without an empty date, OpenImageIO would write the present one.
    found: dict[str, object] = {"Compression": "zip", "tiff:predictor": 1, "DateTime": ""}
    if suffix == ".png":
        found["png:compressionLevel"] = _PNG_LEVEL
    exposure = tags.exposure
    found |= {"ExposureTime": exposure.time, "FNumber": exposure.fnumber}
    if tags.camera is not None:
        found |= {"Make": tags.camera.make or None, "Model": tags.camera.model or None}
    if suffix in _TIFF_SUFFIXES and exposure.iso is not None:
        found["Exif:SceneCaptureType"] = 0  # OpenImageIO writes no EXIF for the ISO alone; it is replaced afterwards
    if suffix == ".exr":
        found |= {"isoSpeed": exposure.iso, EV_ATTRIBUTE: exposure.ev, "chromaticities": tags.chromaticities}
    else:
        found["Exif:PhotographicSensitivity"] = None if exposure.iso is None else round(exposure.iso)
        found["ICCProfile"] = tags.profile(linear=linear) or None
    return {name: value for name, value in found.items() if value is not None}

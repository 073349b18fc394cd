"""Pixels into files: one call for every format."""

from pathlib import Path

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.codec import Codec, EncodeOptions
from hdrgen.io.colour import ColourSpace, usable_chromaticities
from hdrgen.io.exposure import Camera, Exposure
from hdrgen.io.formats import codec_to_write, suffix_of
from hdrgen.io.image import Image, Pixels
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import warn_of
from hdrgen.io.paths import check_name, complete_or_nothing

_LARGEST = float(np.finfo(np.float32).max)
_TYPES = (np.uint8, np.uint16, np.float16, np.float32, np.float64)


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
    made: bool = False,
) -> Path:
    """Write an image in the format of the suffix: .hdr .exr .tif(f) .png .jp(e)g .jxl .avif .pq.png .uhdr.jp(e)g.

    The file appears under its name only once it is complete: it is written beside it under a hidden temporary name,
    then renamed. A missing folder is made. All compression but JPEG, AVIF and the 8-bit mantissa of .hdr is lossless.

    .hdr and .exr take float radiance. Radiance above 65504, or that is below 4e-6 in more than the darkest parts, does
    not fit half and is written as 32-bit float instead, with a warning. .hdr cannot hold negative values: they become
    0, with a warning. Floats in PNG, JPEG and 8 or 16-bit TIFF are display values, clipped to [0, 1] and rounded to the
    nearest level; integers change depth by scaling (255 <-> 65535).

    .jxl, .avif, .pq.png and .uhdr.jpg are HDR pictures to look at, made of float radiance in which 1 is SDR white (203
    cd/m2). JPEG XL, PNG (both 16 bits) and AVIF (10 bits) store the curve PQ, in BT.2020 unless `colour_space` says
    otherwise. Ultra HDR is a JPEG of 8 bits with a gain map, in the smallest of BT.709, Display P3 and BT.2020 that
    holds the colours of the pixels. All end at 10,000 cd/m2, radiance 49.26: what is above is clipped, with a warning,
    and negative values become 0.

    Args:
        path: Where to; its suffix chooses the format.
        pixels: (H, W, 3) RGB or (H, W) grey, uint8, uint16, float16, float32 or float64; never changed. Or an image as
            `read_image` gives it, whose exposure, camera and chromaticities are then kept unless others are given.
        bits: 8 or 16 for PNG, also 32 (float) for TIFF. Default: uint16 gives 16; float gives a 32-bit TIFF, else 8.
        quality: Of JPEG, Ultra HDR, AVIF and JPEG XL, 1 to 100; colour is kept at full resolution (4:4:4). Default: 95,
            and 100 for JPEG XL, which is lossless: below, its dark parts lose more than those of AVIF.
        float32: Write .exr in 32-bit float rather than half.
        exposure: Kept as EXIF or OpenEXR attributes; .hdr keeps nothing.
        camera: Kept likewise.
        chromaticities: CIE x, y of red, green, blue and white of `pixels`, kept in the file: as an attribute in .exr
            and .hdr, as a profile or number in the others. Default: BT.709, which only pictures to look at say.
        colour_space: Convert into it first; display values are taken to have the sRGB curve.
        base: (H, W, 3) display values, the SDR picture of an Ultra HDR file, sRGB curve and in the colours of the file.
            Default: highlights rolled off (`hdrgen.io.gain_maps.gain_map.rolled_off`).
        made: The image was made of photographs: a merge or a picture of one. The file says so (as its software), and
            is never taken for one of the exposures that it lies beside. Of .hdr its suffix says it.

    Returns:
        The path written.

    Raises:
        InputError: Another suffix, shape or number type; NaN or infinite pixels; a folder of that name; no permission
            or no space; a linear image into a format of display values; AVIF without imagecodecs.
    """
    path = Path(path)
    check_name(path)
    codec = codec_to_write(path)
    if isinstance(pixels, Image):
        exposure, camera = exposure or pixels.exposure, camera or pixels.camera
        chromaticities = chromaticities or pixels.chromaticities
        pixels = _pixels_of(path, pixels, codec, bits)
    pixels = _checked_pixels(path, pixels, codec)
    _check_options(path, quality, chromaticities)
    if bits is not None and not codec.depths:
        raise InputError(
            f"{path}: bits are of display values, and {codec.title} holds radiance; leave them out", "bits"
        )
    if base is not None and not codec.takes_base:
        raise InputError(f"{path}: a base belongs to .uhdr.jpg, found {suffix_of(path)}; leave it out", argument="base")
    tags = Tags(exposure or Exposure(), camera, chromaticities, made)
    options = EncodeOptions(bits, quality, float32, colour_space, base)
    save, notes = codec.encode(path, pixels, tags, options)
    warn_of(path, notes, stacklevel=2)
    with complete_or_nothing(path) as temporary:
        save(temporary)
    return path


def check_writable(path: Path) -> None:
    """Raise before long work whose result `write_image` could not write under this name.

    Raises:
        InputError: Another suffix than it knows, or a package that is not installed.
    """
    codec_to_write(path)


def depth_for(path: Path, bits: int) -> int:
    """The most bits, `bits` at most, at which the format of a name writes display values; 8 where it writes none.

    Raises:
        InputError: Another suffix than it knows.

    >>> depth_for(Path("a.png"), 16), depth_for(Path("a.jpg"), 16)
    (16, 8)
    """
    return max((depth for depth in codec_to_write(path).depths if depth <= bits), default=8)


def _pixels_of(path: Path, image: Image, codec: Codec, bits: int | None) -> Pixels:
    """Linear integers (RAW) as floats, so that no format takes them for display values."""
    if not image.linear:
        return image.pixels
    if (codec.depths or (32,))[-1] != (bits or 32):
        remedy = "tone-map it first, or choose a format of radiance, such as .exr or .pq.png"
        raise InputError(f"{path}: expected display values, found a linear image; {remedy}")
    return image.as_float() if image.pixels.dtype.kind == "u" else image.pixels


def _checked_pixels(path: Path, pixels: Pixels, codec: Codec) -> Pixels:
    """(H, W, 3) of a number type that can be written."""
    pixels = np.asarray(pixels)
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)  # others come out of big-endian files
    if pixels.ndim == 2:
        pixels = np.broadcast_to(pixels[..., None], (*pixels.shape, 3))
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or not pixels.size:
        raise InputError(f"{path}: expected pixels of shape (H, W, 3), found {pixels.shape}")
    height, width, _ = pixels.shape
    if max(height, width) > codec.longest_side:
        most, found = f"at most {codec.longest_side:,} pixels along a side of {codec.title}", f"{width} x {height}"
        raise InputError(f"{path}: expected {most}, found {found}; choose another format, or reduce the image")
    if pixels.dtype not in _TYPES:
        raise InputError(f"{path}: expected uint8, uint16 or float pixels, found {pixels.dtype}")
    if not codec.depths and pixels.dtype.kind == "u":
        raise InputError(f"{path}: expected float radiance, found {pixels.dtype} display values; linearise them first")
    if pixels.dtype.kind == "f" and not np.isfinite(pixels).all():
        count = int((~np.isfinite(pixels)).any(axis=-1).sum())
        raise InputError(f"{path}: not written, {count} pixels are NaN or infinite; clean the image first")
    if pixels.dtype == np.float64 and (largest := float(np.abs(pixels).max())) > _LARGEST:
        raise InputError(f"{path}: expected values that 32-bit floats hold, found {largest:.4g}; divide the image")
    return pixels


def _check_options(path: Path, quality: int | None, chromaticities: tuple[float, ...] | None) -> None:
    if quality is not None and not 1 <= quality <= 100:
        raise InputError(f"{path}: expected a quality from 1 to 100, found {quality}", argument="quality")
    if chromaticities is not None and len(chromaticities) != 8:
        expected = "8 chromaticities (x, y of R, G, B and white)"
        raise InputError(f"{path}: expected {expected}, found {len(chromaticities)}", argument="chromaticities")
    if chromaticities is not None and usable_chromaticities(chromaticities) is None:
        shown = ", ".join(f"{value:g}" for value in chromaticities)
        expected = "primaries that enclose a white, as in BT709.chromaticities"
        raise InputError(f"{path}: expected {expected}, found {shown}", argument="chromaticities")

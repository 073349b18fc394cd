"""Pixels out of files: one call for every format."""

from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.codecs.codec import DecodeOptions
from hdrgen.io.colour import BT709, ColourSpace, converted, same_colours
from hdrgen.io.development import RawDevelopment
from hdrgen.io.formats import detect
from hdrgen.io.gain_maps.gain_map import Asked
from hdrgen.io.headers import unreadable_notes
from hdrgen.io.image import Image, Pixels
from hdrgen.io.notes import warn_of
from hdrgen.io.radiance import checked_radiance


def read_image(
    path: str | Path,
    *,
    max_megapixels: float = 500,
    clean: bool = False,
    gain_map: Asked = False,
    colour_space: ColourSpace | None = None,
    working_bytes: float = 0,
    development: RawDevelopment | None = None,
) -> Image:
    """Read an image of any format of `docs/formats.md` (`FileFormat`); the content decides, not the suffix.

    Pixels keep their precision: 16 bits never pass through 8, half stays half. EXIF orientation is applied. Grey is
    copied to three channels and alpha is dropped, each with a warning. RAW and floating point files are linear
    radiance, and so are AVIF, JPEG XL and PNG of a linear curve, PQ or HLG, as float32: 203 cd/m2 are radiance 1, HLG
    is the light of a display of 1000 cd/m2. Radiance is relative: a Radiance file's EXPOSURE line is not applied. A PNG
    of another gamma than displays have comes with the sRGB curve, at 16 bits. Of an OpenEXR file the data window is
    read, of the first part with RGB.

    A JPEG with a gain map (Ultra HDR), or HEIC with Apple's, is read as the photograph that every viewer shows;
    `gain_map` makes the HDR picture of it, float32 radiance in which SDR white is 1.

    Args:
        path: The file.
        max_megapixels: Refuse larger images from their header, before memory is taken for them.
        clean: Replace what radiance cannot be (see `hdrgen.io.radiance.checked_radiance`) instead of failing.
        gain_map: Apply the gain map of a JPEG, HEIC or AVIF file that has one; `"try"`: but where it cannot be read,
            the photograph alone is, with a warning.
        colour_space: Convert radiance into it; a file that does not name its colours is taken for BT.709. Default: the
            file's own, which `chromaticities` gives.
        working_bytes: For each pixel, that the caller takes at most for what it does with the image, with the image
            itself: what memory does not hold is refused before it is read.
        development: How camera RAW is developed; None: white balance and white level of the file. Other files are read
            as they are.

    Warns:
        UserWarning: Grey or alpha handled; a gain map left out; black or negative pixels in radiance, with their count;
            unreadable EXIF.

    Raises:
        InputError: No readable file of these formats; truncated or corrupt; another channel count or number type;
            larger than `max_megapixels` or the free memory; NaN or infinite radiance without `clean`; `colour_space`
            for display values in other colours; AVIF without imagecodecs.
    """
    path = Path(path)
    summary, pixels, linear, notes, chromaticities = detect(path).codec.decode(
        path, DecodeOptions(max_megapixels, gain_map, working_bytes, development or RawDevelopment())
    )
    all_notes = list(notes)
    if linear and pixels.dtype.kind == "f":  # integers of RAW files are never negative, and often black
        pixels, defects = checked_radiance(pixels, path, clean=clean)
        all_notes += defects
    all_notes += unreadable_notes(summary.reading)
    if colour_space is not None:
        pixels, chromaticities = _in_colours(path, pixels, linear, chromaticities, colour_space)
    warn_of(path, all_notes, stacklevel=2)
    reading = summary.reading
    return Image(pixels, linear, reading.exposure, chromaticities, reading.camera, summary.orientation)


def read_reduced(path: str | Path, least_side: int, *, max_megapixels: float = 500) -> Image:
    """A photograph to look at: reduced by averages where its format gives that for less time, else as it is.

    JPEG comes at a half, a quarter or an eighth of its size, camera RAW at a half. Of its pixels nothing is told.

    Args:
        path: The file.
        least_side: In pixels, of what the longer side must keep.
        max_megapixels: As of `read_image`.

    Raises:
        InputError: As by `read_image`.
    """
    path = Path(path)
    options = DecodeOptions(max_megapixels, least_side=least_side)
    summary, pixels, linear, _, chromaticities = detect(path).codec.decode(path, options)
    reading = summary.reading
    return Image(pixels, linear, reading.exposure, chromaticities, reading.camera, summary.orientation)


def _in_colours(
    path: Path, pixels: Pixels, linear: bool, chromaticities: tuple[float, ...] | None, target: ColourSpace
) -> tuple[Pixels, tuple[float, ...]]:
    source = chromaticities or BT709.chromaticities
    if not same_colours(source, target.chromaticities):
        if not linear or pixels.dtype.kind == "u":
            raise InputError(f"{path}: expected radiance to convert to {target.name}, found display values or RAW")
        pixels = converted(pixels, source, target.chromaticities)
    return pixels, target.chromaticities

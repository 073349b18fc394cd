"""Camera RAW through LibRaw: linear, 16 bit, with the camera's white balance or another."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.codec import Codec, Decoded, DecodeOptions, Summary, check_size
from hdrgen.io.codecs.raw_extent import check_extent
from hdrgen.io.codecs.raw_sensor import Sensor, development_options, mosaic_of, sensor_of
from hdrgen.io.containers.tiff_directories import BYTE_ORDERS
from hdrgen.io.containers.tiff_pages import CFA, LINEAR_RAW, pages_of
from hdrgen.io.development import RawDevelopment
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import Reading, exposure_from, metadata_of
from hdrgen.io.metadata.exif_block import metadata_in_stream
from hdrgen.io.notes import Note
from hdrgen.io.samples.float_raw import float_page, float_radiance, own_colours, own_radiance
from hdrgen.io.samples.mosaics import without_hot_pixels
from hdrgen.io.stderr import quiet_stderr

_QUARTER_TURNS = (5, 6)  # LibRaw's flip codes that exchange width and height
_ORIENTATIONS = {3: 3, 5: 8, 6: 6}  # LibRaw's flip codes as EXIF's orientations
_DNG_VERSION = 50706
_BYTES = 19  # for each pixel: the sensor's value and four channels of 16 bits in LibRaw, three in what it gives
_BYTES_OF_FLOATS = 60  # the sensor's values thrice, and what LibRaw and float32 take of three channels
_MONOCHROME = Note("monochrome sensor, grey copied to three channels")


class Raw(Codec):
    """Camera RAW of all makers, read only."""

    name, title = "RAW", "camera RAW"
    sensor = True
    suffixes: ClassVar[tuple[str, ...]] = (
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw"),
        ".x3f",
    )
    signatures = (
        b"FUJIFILMCCD-RAW",
        *(b"IIRO", b"IIRS", b"MMOR"),  # Olympus
        b"IIU\x00",  # Panasonic
        b"FOVb",  # Sigma
        b"\x00MRM",  # Minolta
    )

    def recognises(self, path: Path, start: bytes) -> bool:
        """Most RAW formats are TIFF files inside: the suffix tells, or what Canon and Adobe put into the file."""
        return (
            super().recognises(path, start)
            or path.suffix.lower() in self.suffixes
            or start[8:10] == b"CR"
            or start[4:12] == b"ftypcrx "
            or _is_raw_inside(path, start)
        )

    def summary(self, path: Path) -> Summary:
        """Size and exposure; the sensor data are not decoded."""
        page = float_page(path)
        if page is not None and own_colours(path, page):  # LibRaw knows no pictures of a few pixels
            with path.open("rb") as stream:
                return Summary(page.width, page.height, exposure_from(metadata_in_stream(stream)))
        with _opened(path) as raw:
            orientation = _ORIENTATIONS.get(raw.sizes.flip, 1)
            return Summary(*_upright_size(raw), _exposure(raw, path), orientation)

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """None: what is read is in the colours of sRGB whatever the camera's are; of hdrgen's own files theirs."""
        page = float_page(path)
        return None if page is None else own_colours(path, page)

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """Linear sRGB, uint16, 65535 at the sensor's white level.

        No automatic brightness; the black and white level of the file, or a white that the caller found, and nothing
        estimated from this picture alone (`adjust_maximum_thr=0`), so that the frames of a stack share one scale.
        Floating point, which merged HDR images in DNG files are, becomes float32.
        """
        summary, page = self.summary(path), float_page(path)
        check_size(path, summary.width, summary.height, options, _BYTES if page is None else _BYTES_OF_FLOATS)
        check_extent(path)
        if page is not None and (colours := own_colours(path, page)):
            return Decoded(summary, own_radiance(path, page), True, chromaticities=colours)
        if page is not None:
            with _opened(path) as raw:
                return Decoded(summary, float_radiance(path, page, raw), True)
        with _opened(path) as raw:
            mosaic = mosaic_of(raw) if len(options.development.hot) else None
            if mosaic is not None:
                without_hot_pixels(mosaic, options.development.hot)
            pixels: Pixels = raw.postprocess(
                no_auto_bright=True,
                adjust_maximum_thr=0.0,
                gamma=(1, 1),
                output_bps=16,
                **development_options(raw, _reduced(options, summary)),
            )
        if pixels.ndim == 3 and pixels.shape[-1] == 3:
            return Decoded(summary, np.ascontiguousarray(pixels), True)
        grey = pixels.reshape(*pixels.shape[:2], 1)
        return Decoded(summary, np.repeat(grey, 3, axis=-1), True, (_MONOCHROME,))


def _reduced(options: DecodeOptions, summary: Summary) -> RawDevelopment:
    """The development, a pixel for each 2 x 2 of the sensor where these are enough."""
    enough = 0 < 2 * options.least_side <= max(summary.width, summary.height)
    return replace(options.development, half_size=True) if enough else options.development


def read_sensor(path: Path, *, mosaic: bool = False) -> Sensor:
    """What a RAW file says of its sensor, and a grid of its values; `mosaic`: all of them, too.

    Raises:
        InputError: Truncated or corrupt.
    """
    check_extent(path)
    with _opened(path) as raw:
        return sensor_of(raw, mosaic=mosaic)


def _is_raw_inside(path: Path, start: bytes) -> bool:
    """Whether a TIFF file says that it is a DNG one, or holds what only sensors give: a RAW file under another name."""
    if start[:4] not in BYTE_ORDERS:
        return False
    pages = pages_of(path)
    of_sensor = any(page.photometric in (CFA, LINEAR_RAW) for page in pages)
    return of_sensor or any(_DNG_VERSION in page.found.directory.entries for page in pages if page.found.number == 0)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import rawpy

    try:
        with quiet_stderr, rawpy.imread(str(path)) as raw:
            yield raw
    except rawpy.LibRawError as error:
        reason = error.args[0] if error.args else error
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise InputError(f"{path}: truncated, corrupt or unsupported RAW file ({text})") from error


def _upright_size(raw: Any) -> tuple[int, int]:
    sizes = raw.sizes
    size = (sizes.iwidth or sizes.width, sizes.iheight or sizes.height)
    return size[::-1] if sizes.flip in _QUARTER_TURNS else size


def _tiff_metadata(path: Path) -> dict[str, object]:
    """EXIF of a RAW file that is a TIFF inside; LibRaw misses the ISO of some DNG files."""
    import OpenImageIO as oiio

    with path.open("rb") as stream:
        if stream.read(4) not in BYTE_ORDERS:
            return {}
    reader = oiio.ImageInput.open(str(path))
    if reader is None:
        oiio.geterror()
        return {}
    metadata = metadata_of(reader.spec())
    reader.close()
    return metadata


def _exposure(raw: Any, path: Path) -> Reading:
    """LibRaw's values where it has them (it knows every maker's tags), completed from EXIF."""
    known = {"ExposureTime": raw.other.shutter_speed, "FNumber": raw.other.aperture, "isoSpeed": raw.other.iso_speed}
    known["Exif:FocalLength"] = raw.other.focal_length
    positive: dict[str, object] = {name: value for name, value in known.items() if value > 0}
    lens = {"Exif:LensModel": raw.lens.model} if raw.lens.model else {}
    return exposure_from(_tiff_metadata(path) | positive | lens)

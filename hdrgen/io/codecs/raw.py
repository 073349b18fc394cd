"""Camera RAW through LibRaw: linear, 16 bit, camera white balance."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.raw_extent import check_extent
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import Reading, exposure_from, metadata_of
from hdrgen.io.stderr import quiet_stderr

_QUARTER_TURNS = (5, 6)  # LibRaw's flip codes that exchange width and height
_TIFF_STARTS = (b"II*\x00", b"MM\x00*")


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
        if stream.read(4) not in _TIFF_STARTS:
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
    positive = {name: value for name, value in known.items() if value > 0}
    return exposure_from(_tiff_metadata(path) | positive)


def read_raw_header(path: Path) -> tuple[int, int, Reading]:
    """Upright width, height, and exposure of a RAW file; the sensor data are not decoded.

    Raises:
        InputError: LibRaw cannot read the file.
    """
    with _opened(path) as raw:
        return (*_upright_size(raw), _exposure(raw, path))


def read_raw_pixels(path: Path) -> tuple[Pixels, list[str]]:
    """Linear sRGB pixels (H, W, 3), uint16, 65535 at the sensor's white level; and notes for the user.

    The camera's white balance; no automatic brightness; the black and white level of the file and nothing estimated
    from the picture (`adjust_maximum_thr=0`), so that the frames of a stack share one scale.

    Raises:
        InputError: LibRaw cannot read or develop the file.
    """
    check_extent(path)
    with _opened(path) as raw:
        pixels: Pixels = raw.postprocess(
            use_camera_wb=True, no_auto_bright=True, adjust_maximum_thr=0.0, gamma=(1, 1), output_bps=16
        )
    if pixels.ndim == 3 and pixels.shape[-1] == 3:
        return np.ascontiguousarray(pixels), []
    grey = pixels.reshape(*pixels.shape[:2], 1)
    return np.repeat(grey, 3, axis=-1), ["monochrome sensor, grey copied to three channels"]

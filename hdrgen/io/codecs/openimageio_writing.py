"""Encoding through OpenImageIO."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.io.codecs.openimageio_reading import reason
from hdrgen.io.image import Pixels

_TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
_FRACTIONS = ("ExposureTime", "FNumber")
_HARMLESS = "failed TIFFWriteCustomDirectory() of the Exif data"  # OpenImageIO's remark on any TIFF file without EXIF


def save(path: Path, pixels: Pixels, attributes: Mapping[str, object]) -> None:
    """Write through OpenImageIO, which picks the format by suffix; attributes that are None are left out.

    Raises:
        OSError: With OpenImageIO's reason.
    """
    import OpenImageIO as oiio

    height, width, _ = pixels.shape
    spec = oiio.ImageSpec(width, height, 3, _TYPES[pixels.dtype.name])
    for name, value in attributes.items():
        if value is not None:
            _set(spec, name, value)
    output: Any = oiio.ImageOutput.create(str(path))
    written = output.open(str(path), spec) and output.write_image(np.ascontiguousarray(pixels))
    closed = output.close()
    error = output.geterror()  # the return values alone miss a full disk under a PNG file
    if not (written and closed) or error not in ("", _HARMLESS):
        raise OSError(reason(error, path))


def _set(spec: Any, name: str, value: object) -> None:
    if isinstance(value, bytes):
        spec.attribute(name, f"uint8[{len(value)}]", np.frombuffer(value, np.uint8))
    elif name in _FRACTIONS and isinstance(value, int):  # as int it would get lost in PNG
        spec.attribute(name, float(value))
    elif isinstance(value, tuple):
        spec.attribute(name, f"{'int' if isinstance(value[0], int) else 'float'}[{len(value)}]", value)
    else:
        spec.attribute(name, value)

"""Files that are there whole or not at all."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.colour import named_like
from hdrgen.io.exposure import Camera, Exposure
from hdrgen.io.headers import reason
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif_block import exif_block
from hdrgen.io.metadata.icc import profile

_OIIO_TYPES = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
_FRACTIONS = ("ExposureTime", "FNumber")
_HARMLESS = "failed TIFFWriteCustomDirectory() of the Exif data"  # OpenImageIO's remark on any TIFF file without EXIF


@dataclass(frozen=True)
class Tags:
    """What goes into a file beside the pixels.

    Attributes:
        exposure: time, f-number, ISO, EV.
        camera: what took the photograph.
        chromaticities: of the pixels as they are written; None where the caller said nothing of colours.
    """

    exposure: Exposure
    camera: Camera | None = None
    chromaticities: tuple[float, ...] | None = None

    def at(self, stops: float) -> Tags:
        """Those of an exposure that is so many stops brighter; without a time where only up or down is known.

        >>> Tags(Exposure(time=0.25, iso=100)).at(2.0).exposure
        Exposure(time=1.0, fnumber=None, iso=100, ev=None)
        """
        time, ev = self.exposure.time, self.exposure.ev
        known = math.isfinite(stops)
        changed = replace(
            self.exposure,
            time=time * 2.0**stops if known and time is not None else None,
            ev=ev + stops if known and ev is not None else None,
        )
        return replace(self, exposure=changed)

    def exif(self) -> bytes:
        """The block of bytes; empty where nothing is known."""
        return exif_block(self.exposure, self.camera)

    def profile(self, *, linear: bool = False) -> bytes:
        """The colour profile, with the sRGB curve unless `linear`; empty where nothing was said of colours."""
        if self.chromaticities is None:
            return b""
        known = named_like(self.chromaticities)
        return profile(self.chromaticities, linear=linear, name=known.name if known else "")


@contextmanager
def complete_or_nothing(path: Path) -> Iterator[Path]:
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


def save(path: Path, pixels: Pixels, attributes: Mapping[str, object]) -> None:
    """Write through OpenImageIO, which picks the format by suffix.

    Raises:
        OSError: with OpenImageIO's reason.
    """
    import OpenImageIO as oiio

    height, width, _ = pixels.shape
    spec = oiio.ImageSpec(width, height, 3, _OIIO_TYPES[pixels.dtype.name])
    for name, value in attributes.items():
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

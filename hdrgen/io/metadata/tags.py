"""What files say beside their pixels: exposure, camera, and which colours they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hdrgen.io.codecs import avif, jpeg_picture
from hdrgen.io.codecs.openimageio_writing import Tags
from hdrgen.io.codecs.radiance_hdr import primaries_of
from hdrgen.io.formats import Format, detect
from hdrgen.io.headers import opened, read_header
from hdrgen.io.metadata.cicp import Cicp
from hdrgen.io.metadata.icc import chromaticities_of


def read_tags(path: str | Path) -> Tags:
    """Exposure, camera and chromaticities as `read_image` gives them, of a file that it can read; no pixels are kept.

    Results that are made of a file are written with them: `write_image(..., exposure=tags.exposure,
    camera=tags.camera, chromaticities=tags.chromaticities)`.

    Raises:
        InputError: no image file, or a header that cannot be read.
    """
    header = read_header(path)
    return Tags(header.reading.exposure, header.reading.camera, _chromaticities_in(Path(path), header.format))


def _chromaticities_in(path: Path, kind: Format) -> tuple[float, ...] | None:
    if kind is Format.RAW:
        return None
    if kind is Format.JPEG:
        return jpeg_picture.summary(path).chromaticities
    if kind is Format.AVIF:
        cicp = avif.summary(path).cicp
        return cicp.chromaticities if cicp else None
    with opened(path, detect(path)) as reader:
        return chromaticities_in(reader.spec(), path, kind)


def chromaticities_in(spec: Any, path: Path, kind: Format) -> tuple[float, ...] | None:
    """What OpenImageIO tells of a file's colours, by an attribute, CICP numbers or a colour profile.

    A Radiance file has a line, and a JPEG file a tag, that OpenImageIO leaves out.
    """
    if kind is Format.JPEG:
        return jpeg_picture.summary(path).chromaticities
    if kind is Format.HDR:
        return primaries_of(path)
    value = spec.getattribute("chromaticities")
    if isinstance(value, tuple) and len(value) == 8:
        return tuple(float(number) for number in value)
    cicp = cicp_in(spec) if kind is Format.JPEG_XL else None
    return (cicp.chromaticities if cicp else None) or _of_profile(spec)


def cicp_in(spec: Any) -> Cicp | None:
    """The numbers of primaries and curve."""
    value = spec.getattribute("CICP")
    return Cicp(int(value[0]), int(value[1])) if isinstance(value, tuple) and len(value) == 4 else None


def _of_profile(spec: Any) -> tuple[float, ...] | None:
    profile = spec.getattribute("ICCProfile")
    return chromaticities_of(profile.tobytes()) if isinstance(profile, np.ndarray) else None

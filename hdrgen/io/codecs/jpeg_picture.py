"""JPEG pictures that may hold more than OpenImageIO should see of them: it applies gain maps unasked."""

import math
import re
import tempfile
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs import openimageio_reading as openimageio
from hdrgen.io.codecs.channels import ChannelChoice, choose_by_count
from hdrgen.io.colour import ADOBE_RGB
from hdrgen.io.containers.jpeg_markers import (
    APP1,
    APP2,
    EOI,
    Segment,
    claimed_frame,
    first_picture,
    segments,
    start_of_scan,
)
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif_block import INTEROPERABLE, PREFIX, metadata_in
from hdrgen.io.metadata.icc import chromaticities_of

_PROFILE = b"ICC_PROFILE\0"
_ADOBE_RGB = "R03"
_END = bytes((0xFF, EOI))
_NOTHING = bytes(16)  # that no picture ends with
_LEFT_OVER = re.compile(r"(\d+) extraneous bytes before marker 0xd9")


class StoredJpeg(NamedTuple):
    """Size as stored, EXIF tags by OpenImageIO's names, and the colour profile."""

    width: int
    height: int
    metadata: dict[str, object]
    profile: bytes

    @property
    def chromaticities(self) -> tuple[float, ...] | None:
        """Those of the profile; without one, cameras have a tag for Adobe RGB."""
        if self.profile:
            return chromaticities_of(self.profile)
        return ADOBE_RGB.chromaticities if self.metadata.get(INTEROPERABLE) == _ADOBE_RGB else None


def stored_jpeg(path: Path) -> StoredJpeg:
    """What the segments of the first picture say.

    Raises:
        InputError: No frame header, or one that claims more than the file can hold, or no pixel.
    """
    frame = claimed_frame(path)
    if frame is None:
        raise InputError(f"{path}: truncated or corrupt JPEG file (no frame header)")
    if not frame.width or not frame.height:  # some files give the height after the picture, which nobody here reads
        raise InputError(f"{path}: truncated or corrupt JPEG file (a picture of {frame.width} x {frame.height} pixels)")
    with path.open("rb") as stream:
        parts = list(segments(stream))
    exif = next((part.content for part in parts if part.marker == APP1 and part.content.startswith(PREFIX)), b"")
    return StoredJpeg(frame.width, frame.height, metadata_in(exif), profile_in(parts))


def profile_in(parts: Sequence[Segment]) -> bytes:
    """The colour profile, put together from its numbered parts; empty without one."""
    numbered = [
        part.content[len(_PROFILE) :] for part in parts if part.marker == APP2 and part.content.startswith(_PROFILE)
    ]
    return b"".join(part[2:] for part in sorted(numbered, key=lambda part: part[:1]))


def decoded(content: bytes, path: Path) -> Pixels:
    """(H, W, 3) uint8 of the first picture in `content`; what it claims has been checked.

    OpenImageIO, which unlike Pillow tells what libjpeg finds damaged, gets a copy that says nothing of a gain map.

    Raises:
        InputError: Truncated or corrupt; `path` is named.
    """
    with tempfile.TemporaryDirectory(prefix="hdrgen-jpeg-") as folder:
        copy = Path(folder) / "picture.jpg"
        copy.write_bytes(first_picture(content, lambda part: part.marker in (APP1, APP2)))
        with openimageio.opened(copy, "JPEG", "jpeg", shown=path) as reader:
            return whole_picture(reader, choose_by_count(reader.spec(), path), path, lambda: content)


def whole_picture(reader: Any, choice: ChannelChoice, path: Path, content: Callable[[], bytes]) -> Pixels:
    """(H, W, 3) uint8 of the picture at which a reader of OpenImageIO is.

    Zeros, which a download that was broken off may leave, are codes of pixels, too, and libjpeg need not complain.

    Args:
        reader: Of the file, or of what is left of it.
        choice: Of its channels.
        path: Named in the error.
        content: Gives the bytes of the file, which are looked at once its pixels are decoded.

    Raises:
        InputError: Truncated or corrupt.
    """
    pixels = openimageio.decoded(reader, choice, path, "JPEG", harmless=lambda error: _is_padding(error, content()))
    whole = content()
    if whole.endswith(_NOTHING) and _end_in(whole) < 0:
        raise InputError(f"{path}: truncated or corrupt JPEG file (it ends with zeros and not with its picture)")
    return pixels


def _end_in(content: bytes) -> int:
    """Where the end of the picture is marked; -1 where it is not."""
    return content.find(_END, start_of_scan(content))


def _is_padding(error: str, content: bytes) -> bool:
    """Whether what libjpeg found left over before the end is one byte again and again, with which some cameras pad."""
    left, end = _LEFT_OVER.search(error), _end_in(content)
    return left is not None and end > 0 and len(set(content[end - int(left[1]) : end])) == 1


def decoded_small(content: bytes, path: Path, least_side: int) -> Pixels:
    """As `decoded`, at a half, a quarter or an eighth of its size, as libjpeg makes them of its blocks.

    Its longer side is at least `least_side`. Not everything that is damaged is told.
    """
    from PIL.JpegImagePlugin import JpegImageFile

    try:
        picture: Any = JpegImageFile(BytesIO(content))  # Image.open would go into the index of further pictures
        share = min(1.0, least_side / max(picture.size))
        picture.draft(None, tuple(max(1, math.floor(side * share)) for side in picture.size))
        return np.asarray(picture if picture.mode == "RGB" else picture.convert("RGB"))
    except (
        Exception
    ) as error:  # Pillow's readers raise what damaged bytes lead to: OSError, SyntaxError, struct.error ...
        cause = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path}: truncated or corrupt JPEG file ({cause})") from error


def decoded_deep(path: Path) -> Pixels:
    """(H, W) or (H, W, 3) levels of a JPEG of 12 bits, uint16.

    Raises:
        InputError: Truncated or corrupt; imagecodecs, which reads them, is not installed.
    """
    try:
        from imagecodecs import jpeg8_decode
    except ImportError as error:
        needed = "a JPEG of 12 bits needs imagecodecs, which is not installed; pip install 'hdrgen[formats]'"
        raise InputError(f"{path}: {needed}, or convert it") from error
    try:
        levels: Pixels = jpeg8_decode(path.read_bytes())
    except (RuntimeError, ValueError) as error:
        raise InputError(f"{path}: truncated or corrupt JPEG file ({' '.join(str(error).split())})") from error
    return levels


def encoded(pixels: Pixels, quality: int, *, exif: bytes = b"", profile: bytes = b"") -> bytes:
    """8-bit pixels as JPEG, colour at full resolution (4:4:4)."""
    import imageio.v3 as iio

    options: dict[str, Any] = {"quality": quality, "subsampling": 0}  # 0 is 4:4:4
    options |= {"exif": PREFIX + exif} if exif else {}
    options |= {"icc_profile": profile} if profile else {}
    content: bytes = iio.imwrite("<bytes>", pixels, plugin="pillow", extension=".jpg", **options)
    return content

"""Which format a file is in, from its first bytes; the suffix only separates what the bytes cannot."""

from __future__ import annotations

import stat
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Literal

from hdrgen.errors import InputError


class Format(Enum):
    """A file format; the value is OpenImageIO's name for it (RAW goes through LibRaw, AVIF through libavif)."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    HDR = "hdr"
    EXR = "openexr"
    JPEG_XL = "jpegxl"
    AVIF = "avif"
    RAW = "raw"


RAW_SUFFIXES = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef", ".mos"}
    | {".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"}
)
HDR_SUFFIXES = frozenset({".hdr", ".exr", ".pic", ".rgbe"})
_RESULTS = (*HDR_SUFFIXES, ".avif", ".jxl", ".uhdr.jpg", ".uhdr.jpeg")
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".jxl", ".avif"}) | HDR_SUFFIXES | RAW_SUFFIXES

_DNG_VERSION = 50706
_SIGNATURES = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"v/1\x01", Format.EXR),
    (b"#?", Format.HDR),
    (b"\xff\x0a", Format.JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format.JPEG_XL),
    (b"FUJIFILMCCD-RAW", Format.RAW),
    (b"IIRO", Format.RAW),  # Olympus
    (b"IIRS", Format.RAW),
    (b"MMOR", Format.RAW),
    (b"IIU\x00", Format.RAW),  # Panasonic
    (b"FOVb", Format.RAW),  # Sigma
    (b"\x00MRM", Format.RAW),  # Minolta
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"II+\x00", Format.TIFF),  # BigTIFF
    (b"MM\x00+", Format.TIFF),
)


def is_result(path: Path) -> bool:
    """Whether a file beside photographs is, by its name, what was made of them: an HDR image, or a picture of one."""
    return path.name.lower().endswith(_RESULTS)


def check_name(path: Path) -> None:
    """The libraries take file names as UTF-8 only.

    Raises:
        InputError: the name holds other bytes.
    """
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{str(path)!a}: expected a file name in UTF-8, found other bytes; rename it") from error


def existing_file(path: str | Path) -> Path:
    """The path, once it is known to be a readable file.

    Raises:
        InputError: missing, a folder, empty, or not permitted.
    """
    path = Path(path)
    check_name(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path}: expected an image file, found a folder; name a file in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path}: expected an image file, found a device or pipe; copy its content to a file")
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(f"{path}: no such file; check the name") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise InputError(
            f"{path}: cannot be read ({error}); check name and permissions".replace("\0", "\\0")
        ) from error
    if empty:
        raise InputError(f"{path}: the file is empty (0 bytes); copy it again from its source")
    return path


def sniff(path: Path) -> Format | None:
    """The format that the first bytes of a file show, None if it is none of ours."""
    with path.open("rb") as stream:
        start = stream.read(64)
        found = next((kind for signature, kind in _SIGNATURES if start.startswith(signature)), None)
        if found is None and _is_avif(start):
            return Format.AVIF
        if found in (Format.TIFF, None) and _is_raw(path, start, stream):
            return Format.RAW
    return found


def _is_avif(start: bytes) -> bool:
    """One picture or several, as the brands in the first box say."""
    brands = start[8 : int.from_bytes(start[:4], "big")]
    return start[4:8] == b"ftyp" and any(brand in brands for brand in (b"avif", b"avis"))


def _is_raw(path: Path, start: bytes, stream: BinaryIO) -> bool:
    """Most RAW formats are TIFF files inside: the suffix tells, or what Canon and Adobe put into the file."""
    known_name = path.suffix.lower() in RAW_SUFFIXES
    return known_name or start[8:10] == b"CR" or start[4:12] == b"ftypcrx " or _has_dng_version(start, stream)


def _has_dng_version(start: bytes, stream: BinaryIO) -> bool:
    """Look for tag 50706 among the entries (12 bytes each, tag first) of the first directory of a TIFF file."""
    order: Literal["little", "big"] = "little" if start[:2] == b"II" else "big"
    if start[:4] not in (b"II*\0", b"MM\0*"):
        return False
    stream.seek(int.from_bytes(start[4:8], order))
    count = int.from_bytes(stream.read(2), order)
    entries = stream.read(12 * count)
    return any(int.from_bytes(entries[at : at + 2], order) == _DNG_VERSION for at in range(0, len(entries), 12))


def detect(path: str | Path) -> Format:
    """The format of an existing image file.

    Raises:
        InputError: no readable file, or not an image format that is read here.
    """
    path = existing_file(path)
    found = sniff(path)
    if found is None:
        expected = "JPEG, PNG, TIFF, Radiance .hdr, OpenEXR, JPEG XL, AVIF or camera RAW"
        raise InputError(f"{path}: expected an image ({expected}), found none of these in its first bytes")
    return found

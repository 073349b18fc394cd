"""Which format a file is in, from its first bytes; the suffix only separates what the bytes cannot."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from hdrgen.errors import InputError


class Format(Enum):
    """A file format; the value is OpenImageIO's name for it (RAW goes through LibRaw instead)."""

    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    HDR = "hdr"
    EXR = "openexr"
    RAW = "raw"


RAW_SUFFIXES = frozenset(
    [".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25", ".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f"]
)
HDR_SUFFIXES = frozenset({".hdr", ".exr", ".pic", ".rgbe"})
IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"}) | HDR_SUFFIXES | RAW_SUFFIXES

_SIGNATURES = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"v/1\x01", Format.EXR),
    (b"#?", Format.HDR),
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


def existing_file(path: str | Path) -> Path:
    """The path, once it is known to be a readable file.

    Raises:
        InputError: missing, a folder, empty, or not permitted.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file; check the name")
    if path.is_dir():
        raise InputError(f"{path}: expected an image file, found a folder; name a file in it")
    try:
        with path.open("rb") as stream:
            empty = not stream.read(1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    if empty:
        raise InputError(f"{path}: the file is empty (0 bytes); copy it again from its source")
    return path


def _is_raw(path: Path, start: bytes, found: Format | None) -> bool:
    """Most RAW formats are TIFF files inside, so there the suffix decides; Canon's CR2 and CR3 tell by themselves."""
    container = found in (Format.TIFF, None)
    return container and (path.suffix.lower() in RAW_SUFFIXES or start[8:10] == b"CR" or start[4:12] == b"ftypcrx ")


def sniff(path: Path) -> Format | None:
    """The format that the first bytes of a file show, None if it is none of ours."""
    with path.open("rb") as stream:
        start = stream.read(16)
    found = next((kind for signature, kind in _SIGNATURES if start.startswith(signature)), None)
    return Format.RAW if _is_raw(path, start, found) else found


def detect(path: str | Path) -> Format:
    """The format of an existing image file.

    Raises:
        InputError: no readable file, or not an image format that is read here.
    """
    path = existing_file(path)
    found = sniff(path)
    if found is None:
        expected = "JPEG, PNG, TIFF, Radiance .hdr, OpenEXR or camera RAW"
        raise InputError(f"{path}: expected an image ({expected}), found none of these in its first bytes")
    return found

"""What a file says about itself before any pixel is decoded."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from hdrgen.io.exposure import Exposure
from hdrgen.io.formats import FileFormat, detect
from hdrgen.io.metadata.exif import Reading
from hdrgen.io.metadata.tags import Tags
from hdrgen.io.notes import Note, warn_of


@dataclass(frozen=True)
class Header:
    """What is known of an image file without decoding it.

    Attributes:
        path: The file.
        format: By content.
        width: In pixels, of the upright image.
        height: In pixels, of the upright image.
        reading: The exposure of the file's own metadata, and the tags that could not be used.
        orientation: EXIF's number of how the pixels as stored lie, which reading undoes; 1 is upright.
    """

    path: Path
    format: FileFormat
    width: int
    height: int
    reading: Reading
    orientation: int = 1


def read_header(path: str | Path) -> Header:
    """Size and exposure of an image file; no pixels are decoded.

    Raises:
        InputError: No image file, a header that cannot be read, or a channel count that `read_image` refuses.
    """
    path = Path(path)
    kind = detect(path)
    return Header(path, kind, *kind.codec.summary(path))


def has_gain_map(path: str | Path) -> bool:
    """Whether a file has a gain map that `read_image(gain_map=True)` applies.

    Raises:
        InputError: No image file, or a gain map of a kind that is not read here.
    """
    return detect(path).codec.has_gain_map(Path(path))


def known_header(path: Path) -> Header:
    """As `read_header`, once for a file that does not change: a stack is asked for its headers again and again.

    Raises:
        InputError: See `read_header`.
    """
    try:
        state = path.stat()
    except (OSError, ValueError):  # which `read_header` says in its own words
        return read_header(path)
    return _header_of(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=4096)
def _header_of(path: Path, *_state: int) -> Header:
    return read_header(path)


def read_exposure(path: str | Path) -> Exposure:
    """The exposure that a file's own metadata gives (EXIF, OpenEXR attributes, RAW), from its header alone.

    Warns:
        UserWarning: A tag is there but unreadable (0/0, zero, not a number); it counts as missing.

    Raises:
        InputError: No image file, or a header that cannot be read.
    """
    header = read_header(path)
    warn_of(header.path, unreadable_notes(header.reading), stacklevel=2)
    return header.reading.exposure


def read_tags(path: str | Path) -> Tags:
    """Exposure, camera and chromaticities as `read_image` gives them, of a file that it can read; no pixels are kept.

    Results that are made of a file are written with them: `write_image(..., exposure=tags.exposure,
    camera=tags.camera, chromaticities=tags.chromaticities)`.

    Raises:
        InputError: No image file, or a header that cannot be read.
    """
    header = read_header(path)
    return Tags(header.reading.exposure, header.reading.camera, header.format.codec.chromaticities(header.path))


def unreadable_notes(reading: Reading) -> tuple[Note, ...]:
    """The tags that could not be used, in words."""
    return (Note(f"{'; '.join(reading.unreadable)}; treated as missing"),) if reading.unreadable else ()

"""The formats that are read and written: the one table, and which of them a file is in.

A new format is one file in `codecs/` with a `Codec`, and one line in `FileFormat`; nothing else names a format.
"""

import re
from enum import Enum
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.codecs.avif import Avif
from hdrgen.io.codecs.codec import Codec
from hdrgen.io.codecs.dng import Dng
from hdrgen.io.codecs.heif import Heic
from hdrgen.io.codecs.jpeg import Jpeg
from hdrgen.io.codecs.jpeg_xl import JpegXl
from hdrgen.io.codecs.openexr import OpenExr
from hdrgen.io.codecs.pfm import Pfm
from hdrgen.io.codecs.png import HdrPng, Png
from hdrgen.io.codecs.radiance_hdr import RadianceHdr
from hdrgen.io.codecs.raw import Raw
from hdrgen.io.codecs.tiff import Tiff
from hdrgen.io.codecs.ultra_hdr import UltraHdr
from hdrgen.io.paths import existing_file

_OTHERS = {
    rb"\0\0\0\x0cjP  |\xffO\xffQ": "JPEG 2000",
    rb"RIFF....WEBP": "WebP",
    rb"8BP[SB]": "Photoshop's format",
    rb"GIF8": "GIF",
    rb"BM....\0\0\0\0": "BMP",
    rb"II\xbc": "JPEG XR",
    rb"P[1-7]\s": "a portable pixmap",
    rb"SIMPLE  =": "FITS",
    rb"SDPX|XPDS": "DPX",
    rb"DDS ": "DDS",
    rb"\x93NUMPY": "a NumPy array",
    rb"%PDF": "PDF",
    rb"....ftyp(?:qt  |isom|mp4|iso[2-6]|M4V )": "a video",
}
"""What files are that come in place of images, by how they begin."""
_START = 64  # bytes by which codecs recognise a file; the brands of an AVIF file reach furthest


class FileFormat(Enum):
    """A format that is read, with its codec, in the order in which the codecs are asked whether a file is theirs."""

    JPEG = Jpeg()
    PNG = Png()
    HDR = RadianceHdr()
    EXR = OpenExr()
    JPEG_XL = JpegXl()
    AVIF = Avif()
    HEIC = Heic()
    PFM = Pfm()
    RAW = Raw()  # by its suffix, too, so that it comes behind those with other signatures,
    TIFF = Tiff()  # but before this one, which most RAW files are inside

    @property
    def codec(self) -> Codec:
        """What reads and writes it."""
        codec: Codec = self.value
        return codec


_CODECS: tuple[Codec, ...] = (*(kind.codec for kind in FileFormat), UltraHdr(), HdrPng(), Dng())
"""The last three are read as JPEG, PNG and RAW."""
IMAGE_SUFFIXES = frozenset(suffix for codec in _CODECS for suffix in codec.suffixes if suffix.count(".") == 1)
_RESULTS = tuple(suffix for codec in _CODECS if codec.result for suffix in codec.suffixes)
SENSOR_SUFFIXES = frozenset(suffix for codec in _CODECS if codec.sensor for suffix in codec.suffixes)
_BY_SUFFIX = {suffix: codec for codec in _CODECS for suffix in codec.written}


def format_list() -> str:
    """The formats that are read, in words."""
    *others, last = (kind.codec.title for kind in FileFormat)
    return f"{', '.join(others)} or {last}"


def detect(path: str | Path) -> FileFormat:
    """The format of an existing image file, by its first bytes; the suffix only separates what the bytes cannot.

    Raises:
        InputError: No readable file, or not an image format that is read here.
    """
    path = existing_file(path)
    with path.open("rb") as stream:
        start = stream.read(_START)
    kind = next((kind for kind in FileFormat if kind.codec.recognises(path, start)), None)
    if kind is None:
        found = next((name for mark, name in _OTHERS.items() if re.match(mark, start, re.DOTALL)), None)
        told = "none of these in its first bytes" if found is None else f"{found}, which is not read here; convert it"
        raise InputError(f"{path}: expected an image ({format_list()}), found {told}")
    return kind


def is_result(path: Path) -> bool:
    """Whether a file beside photographs is, by its name, what was made of them: an HDR image, or a picture of one."""
    return path.name.lower().endswith(_RESULTS)


def suffix_of(path: Path) -> str:
    """The suffix that chooses the format to write, in lower case: the last one, or a double one such as `.uhdr.jpg`.

    >>> suffix_of(Path("sunset.v2.uhdr.JPG")), suffix_of(Path("uhdr.jpg")), suffix_of(Path("a.pq.png"))
    ('.uhdr.jpg', '.jpg', '.pq.png')
    """
    both = "".join(path.suffixes[-2:]).lower()
    return both if both in _BY_SUFFIX else path.suffix.lower()


def codec_to_write(path: Path) -> Codec:
    """The codec that writes files of this name.

    Raises:
        InputError: Another suffix than it knows, or a package that is not installed.
    """
    suffix = suffix_of(path)
    if suffix not in _BY_SUFFIX:
        raise InputError(f"{path}: expected one of the suffixes {' '.join(_BY_SUFFIX)}, found {suffix or 'none'!r}")
    _BY_SUFFIX[suffix].check_installed(path)
    return _BY_SUFFIX[suffix]

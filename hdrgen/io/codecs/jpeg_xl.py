"""JPEG XL (ISO/IEC 18181): through OpenImageIO, but for the size before anything is decoded, and EXIF."""

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from hdrgen.errors import InputError
from hdrgen.io.codecs.codec import Decoded, DecodeOptions, Encoded, EncodeOptions, Summary, check_size
from hdrgen.io.codecs.hdr_picture import pictured, pq_picture
from hdrgen.io.codecs.openimageio import OpenImageIODecoder
from hdrgen.io.codecs.openimageio_writing import save
from hdrgen.io.colour import BT709, BT2020
from hdrgen.io.containers.bits import BitReader
from hdrgen.io.containers.boxes import IsoBox, box, boxes
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.cicp import Cicp, pq_of
from hdrgen.io.metadata.exif import exposure_from
from hdrgen.io.metadata.exif_block import metadata_in
from hdrgen.io.metadata.tags import Tags

CODESTREAM = b"\xff\x0a"
CONTAINER = b"\0\0\0\x0cJXL \r\n\x87\n"
_BYTES = {8: 10, 16: 26, 32: 38}
"""For each pixel, by its bits (32: floating point, or unknown): what libjxl, OpenImageIO and its caller hold."""
_BRAND = box(b"ftyp", b"jxl \0\0\0\0jxl ")
_SIGNATURE_SIZE = 12
_START = 64  # bytes of the codestream, in which its header is
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIZE_BITS = (9, 13, 18, 30)
_LONGEST_EXIF = 1 << 16  # bytes; JPEG's segments hold no more, either
_MATRIX_IDENTITY, _FULL_RANGE = 0, 1
_LOSSLESS = 100
_EFFORT = 2  # of libjxl, 1 to 9; its usual 7 takes twenty times as long for 3 % smaller files
_FIRST_SIDEWAYS = 4  # EXIF orientations 5 to 8, less one


class JpegXl(OpenImageIODecoder):
    """JPEG XL. OpenImageIO decodes all pixels to open it, so that headers are read without it."""

    name = title = "JPEG XL"
    openimageio_name = "jpegxl"
    signatures = (CODESTREAM, CONTAINER)
    suffixes = written = (".jxl",)
    result = True

    def summary(self, path: Path) -> Summary:
        """Size and exposure.

        Raises:
            InputError: No size in it; an animation, all of which OpenImageIO would decode.
        """
        return _summary_and_bits(path)[0]

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """Radiance by the curves PQ and HLG, or display values."""
        summary, bits = _summary_and_bits(path)
        check_size(path, summary.width, summary.height, options, _BYTES[bits])
        with self._opened(path) as (reader, choice):
            spec = reader.spec()
            check_size(path, spec.width, spec.height, options, _BYTES[bits])
            cicp, colours = self.curve(spec, path), self.colours(spec, path)
            pixels = self.pixels(reader, choice, path)
        decoded = Decoded(summary, pixels, False, choice.notes, colours)
        return pictured(decoded, cicp, 8 * pixels.dtype.itemsize)

    def colours(self, spec: Any, path: Path) -> tuple[float, ...] | None:
        """Of the CICP numbers, else of the profile."""
        cicp = _cicp_in(spec)
        return (cicp.chromaticities if cicp else None) or super().colours(spec, path)

    def curve(self, spec: Any, path: Path) -> Cicp | None:
        """By the CICP numbers, else of the profile."""
        return _cicp_in(spec) or super().curve(spec, path)

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """PQ levels of 16 bits."""
        source, space = tags.chromaticities or BT709.chromaticities, options.colour_space or BT2020
        levels, notes = pq_picture(pixels, source, space, bits=16)
        settings = {
            "CICP": (*pq_of(space), _MATRIX_IDENTITY, _FULL_RANGE),
            "compression": f"jpegxl:{options.quality or _LOSSLESS}",
            "jpegxl:effort": _EFFORT,
        }
        return Encoded(partial(_save, levels=levels, settings=settings, exif=tags.exif()), notes)


def _summary_and_bits(path: Path) -> tuple[Summary, int]:
    """Of the header; the bits are those of `_BYTES`."""
    with path.open("rb") as stream:
        codestream, metadata = _parts(stream)
    if not codestream.startswith(CODESTREAM) or len(codestream) < 12:
        raise InputError(f"{path}: truncated or corrupt JPEG XL file (no codestream in it)")
    width, height, animated, bits = _described(BitReader(codestream[2:], "little"))
    if animated:
        raise InputError(f"{path}: expected one picture, found an animation; convert one frame")
    return Summary(width, height, exposure_from(metadata)), bits


def _save(path: Path, levels: Pixels, settings: dict[str, object], exif: bytes) -> None:
    save(path, levels, settings)
    if exif:
        path.write_bytes(with_exif(path.read_bytes(), exif))


def _cicp_in(spec: Any) -> Cicp | None:
    """The numbers of primaries and curve."""
    value = spec.getattribute("CICP")
    return Cicp(int(value[0]), int(value[1])) if isinstance(value, tuple) and len(value) == 4 else None


def with_exif(content: bytes, block: bytes) -> bytes:
    """A JPEG XL file with an EXIF block in front of the picture, in a container if it had none; no other EXIF stays."""
    head = CONTAINER + _BRAND
    exif = box(b"Exif", bytes(4) + block)  # the four bytes: where the TIFF header begins
    if content.startswith(CODESTREAM):
        return head + exif + box(b"jxlc", content)
    brand, *others = boxes(BytesIO(content), _SIGNATURE_SIZE, len(content))
    kept = (content[part.start - 8 : part.end] for part in others if not _is_exif(part, content))
    return content[: brand.end] + exif + b"".join(kept)


def _is_exif(part: IsoBox, content: bytes) -> bool:
    """Plain, or compressed by Brotli, as libjxl's encoder adds one."""
    return part.kind == b"Exif" or (part.kind == b"brob" and content.startswith(b"Exif", part.start))


def _parts(stream: BinaryIO) -> tuple[bytes, dict[str, object]]:
    """The beginning of the codestream, and the EXIF tags."""
    start = stream.read(_START)
    if start.startswith(CODESTREAM):
        return start, {}
    codestream, whole, metadata = b"", False, dict[str, object]()
    for part in boxes(stream, _SIGNATURE_SIZE, stream.seek(0, 2)):
        if part.kind == b"jxlc" and not codestream:
            codestream, whole = part.content(stream, _START), True
        elif part.kind == b"jxlp" and not whole and len(codestream) < _START:  # the first part may be a single byte
            codestream += part.content(stream, _START)[4:]
        elif part.kind == b"Exif" and not metadata:
            block = part.content(stream, _LONGEST_EXIF)
            metadata = metadata_in(block[4 + int.from_bytes(block[:4], "big") :])
    return codestream, metadata


def _described(bits: BitReader) -> tuple[int, int, bool, int]:
    """Width and height of the upright picture, whether it moves, and its bits; these two not behind a preview."""
    width, height = _size(bits)
    if bits.take(1):  # all as usual
        return width, height, False, 8
    if not bits.take(1):  # no fields of which most pictures have none
        return width, height, False, _depth(bits)
    sideways = bits.take(3) >= _FIRST_SIDEWAYS
    if bits.take(1):
        _size(bits)  # at which it is meant to be shown
    preview, animated = bits.take(1), bits.take(1)
    width, height = (height, width) if sideways else (width, height)
    if preview:
        return width, height, False, 32
    return width, height, bool(animated), 32 if animated else _depth(bits)


def _depth(bits: BitReader) -> int:
    """8, 16 (of more than 8) or 32 (floating point)."""
    floating, choice = bits.take(1), bits.take(2)
    return 32 if floating else 8 if choice == 0 else 16


def _size(bits: BitReader) -> tuple[int, int]:
    """Width and height as stored: both sides in eighths or in full, or the height and a ratio."""
    eighths = bits.take(1)

    def side() -> int:
        return 8 * (bits.take(5) + 1) if eighths else bits.take(_SIZE_BITS[bits.take(2)]) + 1

    height = side()
    ratio = bits.take(3)
    return side() if ratio == 0 else height * _RATIOS[ratio - 1][0] // _RATIOS[ratio - 1][1], height

"""AVIF through libavif (imagecodecs), and the parts of the file that libavif's Python side keeps to itself.

Sizes, colours (CICP) and EXIF are read from the file's boxes (ISO/IEC 23008-12), so headers need no library. Pillow
reads and writes AVIF, too, but at 8 bits.

The size that is checked is that of the boxes. A compressed frame may be larger, and a decoder takes memory for it
before libavif scales it down: up to libavif's own limit of 16384 x 16384, for which 480 MiB and 1.7 s were measured, a
tenth of what the default `max_megapixels` allows. Reading the frames' own headers first took 150 lines of AV1.
"""

import struct
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.channels import choose_stored
from hdrgen.io.codecs.codec import Codec, Decoded, DecodeOptions, Encoded, EncodeOptions, Summary, check_size
from hdrgen.io.codecs.hdr_picture import pictured, pq_picture
from hdrgen.io.colour import BT709, BT2020
from hdrgen.io.containers import items
from hdrgen.io.containers.boxes import IsoBox, box, boxes, full_box
from hdrgen.io.gain_maps.boxed_gain_map import BoxedGainMap, boxed_gain_map, with_boxed_gain
from hdrgen.io.gain_maps.gain_map import NOT_APPLIED, GainMapError, found_or_told, reading_gain_map
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.cicp import Cicp, pq_of
from hdrgen.io.metadata.exif import exposure_from
from hdrgen.io.metadata.exif_block import metadata_in
from hdrgen.io.metadata.icc import chromaticities_of
from hdrgen.io.metadata.tags import Tags

_LONGEST_EXIF = 1 << 16  # bytes; JPEG's segments hold no more, either
_BRAND = slice(8, 12)
_BRANDS = (b"avif", b"avis")
_BITS = 10
_MOST_BITS = 16
_BYTES = 23  # for each pixel, measured: levels in libavif and here, radiance, and masks while it is checked
_BYTES_OF_8_BITS = 9
_GAIN_MAP_BYTES = 30  # levels as 16 bits and as 8, the map, radiance, and masks while it is checked
_QUALITY = 95
_SPEED = 8  # of libaom, 0 to 10: half a minute rather than minutes for 24 megapixels
_BT2020_MATRIX = 9
_TONE_MAP = b"tmap"  # the type of an item that is derived from a picture and its gain map


class AvifPicture(NamedTuple):
    """What the boxes say of the primary picture.

    Attributes:
        width: As stored, before `turns` and `mirror`.
        height: Likewise.
        bits: Of a channel.
        cicp: Colours and curve; None where the file does not say.
        profile: The colour profile; empty without one.
        turns: Quarter turns, anticlockwise, to be made first.
        mirror: 0 exchanges top and bottom, 1 left and right; None neither.
        metadata: EXIF tags by OpenImageIO's names.
        gain_map: Whether the file says that a gain map (ISO 21496-1) makes an HDR picture of it.
        shown: Width and height of the part that is shown, of which libheif makes the picture and libavif does not.
    """

    width: int
    height: int
    bits: int
    cicp: Cicp | None
    profile: bytes
    turns: int
    mirror: int | None
    metadata: dict[str, object]
    gain_map: bool = False
    shown: tuple[int, int] | None = None


class Avif(Codec):
    """AVIF, one picture of it."""

    name = title = "AVIF"
    suffixes = written = (".avif",)
    result = True
    longest_side = 65_536  # of a frame of AV1

    def recognises(self, path: Path, start: bytes) -> bool:
        """One picture or several, as the brands in the first box say."""
        brands = start[8 : int.from_bytes(start[:4], "big")]
        return start[4:8] == b"ftyp" and any(brand in brands for brand in _BRANDS)

    def summary(self, path: Path) -> Summary:
        """Size and exposure."""
        return _summary_of(described_picture(path))

    def has_gain_map(self, path: Path) -> bool:
        """Of ISO 21496-1."""
        return (
            described_picture(path).gain_map
            and found_or_told(partial(boxed_gain_map, path), asked=False)[0] is not None
        )

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """Of the CICP numbers or the profile."""
        return _chromaticities_of(described_picture(path))

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """Radiance by the curves PQ and HLG, or display values."""
        picture = described_picture(path)
        lifts = options.gain_map and picture.gain_map
        each = _GAIN_MAP_BYTES if lifts else _BYTES if picture.bits > 8 else _BYTES_OF_8_BITS
        check_size(path, picture.width, picture.height, options, each)
        pixels, notes = choose_stored(_levels(path, picture), path)
        colours = _chromaticities_of(picture)
        read_gain = partial(_gain_map_in, path, options)
        found, told = found_or_told(read_gain, options.gain_map) if picture.gain_map else (None, ())
        if found is not None and found.levels is not None:
            lifted = with_boxed_gain(found.gain, (pixels, picture.bits), found.levels, colours)
            return Decoded(_summary_of(picture), lifted, True, notes, found.gain.colours or colours)
        notes += (NOT_APPLIED,) if found else told
        decoded = Decoded(_summary_of(picture), pixels, False, notes, colours)
        return pictured(decoded, picture.cicp, picture.bits)

    def check_installed(self, path: Path) -> None:
        """Refuse to write without imagecodecs."""
        _codec_for(path)

    def encode(self, path: Path, pixels: Pixels, tags: Tags, options: EncodeOptions) -> Encoded:
        """PQ levels of 10 bits."""
        source, space = tags.chromaticities or BT709.chromaticities, options.colour_space or BT2020
        levels, notes = pq_picture(pixels, source, space, bits=_BITS)
        content = partial(_content, path, levels, pq_of(space), options.quality or _QUALITY, tags.exif())
        return Encoded(lambda temporary: _save(temporary, content), notes)


def _summary_of(picture: AvifPicture) -> Summary:
    size = (picture.width, picture.height)
    return Summary(*(size[::-1] if picture.turns % 2 else size), exposure_from(picture.metadata))


def _chromaticities_of(picture: AvifPicture) -> tuple[float, ...] | None:
    """Of the profile, which comes before the numbers (ISO/IEC 23000-22, 7.3.6.4), but for those of HDR pictures."""
    by_number = picture.cicp.chromaticities if picture.cicp else None
    if picture.profile and not (picture.cicp and picture.cicp.is_radiance):
        return chromaticities_of(picture.profile) or by_number
    return by_number


def _save(path: Path, content: Callable[[], bytes]) -> None:
    path.write_bytes(content())


def _content(path: Path, levels: Pixels, cicp: Cicp, quality: int, exif: bytes) -> bytes:
    """10-bit levels (H, W, 3), uint16 up to 1023, as an AVIF file; colour at full resolution (4:4:4)."""
    codec = _codec_for(path)
    colours = {"primaries": cicp.primaries, "transfer": cicp.transfer, "matrix": _BT2020_MATRIX}
    try:
        content: bytes = codec.avif_encode(
            levels, level=quality, speed=_SPEED, bitspersample=_BITS, pixelformat="444", **colours
        )
    except TypeError as error:
        problem = f"{path}: imagecodecs {codec.__version__} cannot write the colours of AVIF"
        raise InputError(f"{problem}; install 2026.3 or newer (Python 3.11 or newer)") from error
    except RuntimeError as error:
        raise InputError(f"{path}: cannot be written as AVIF ({' '.join(str(error).split())})") from error
    return with_exif(content, exif) if exif else content


class _Found(NamedTuple):
    """The gain map of a file; its levels and their bits, where it is asked for."""

    gain: BoxedGainMap
    levels: tuple[Pixels, int] | None


def _gain_map_in(path: Path, options: DecodeOptions) -> _Found:
    with reading_gain_map(path):
        gain = boxed_gain_map(path)
        if gain is None:
            raise GainMapError.of(
                path, "this variant of gain map is not read here (none is described where it is announced)"
            )
        return _Found(gain, _gain_levels(path, gain, options) if options.gain_map else None)


def _gain_levels(path: Path, gain: BoxedGainMap, options: DecodeOptions) -> tuple[Pixels, int]:
    stream = BytesIO(gain.file)
    picture = _picture(stream, _described(stream))
    if picture is None:
        raise GainMapError.of(path, "corrupt gain map (no picture described)")
    check_size(path, picture.width, picture.height, options, _BYTES_OF_8_BITS)
    return _levels(path, picture, gain.file), picture.bits


def _levels(path: Path, picture: AvifPicture, content: bytes | None = None) -> Pixels:
    """As stored, upright: (H, W) or (H, W, channels), uint8 or uint16."""
    codec = _codec_for(path)
    try:
        pixels: Pixels = codec.avif_decode(_of_one_picture(content or path.read_bytes()))
    except (RuntimeError, ValueError, MemoryError) as error:
        raise InputError(f"{path}: truncated or corrupt AVIF file ({' '.join(str(error).split())})") from error
    if pixels.shape[:2] != (picture.height, picture.width):
        raise InputError(f"{path}: corrupt AVIF file (its parts differ in size)")
    if (pixels.dtype.itemsize > 1) != (picture.bits > 8) or picture.bits > _MOST_BITS:
        raise InputError(f"{path}: corrupt AVIF file (its parts differ in bits)")
    pixels = np.rot90(pixels, picture.turns)
    mirrored: Pixels = pixels if picture.mirror is None else np.flip(pixels, picture.mirror)
    return np.ascontiguousarray(mirrored)


def _of_one_picture(content: bytes) -> bytes:
    """By its first brand an animation is decoded, by any other the picture that the boxes describe."""
    return b"avif".join((content[: _BRAND.start], content[_BRAND.stop :]))


def _codec_for(path: Path) -> Any:
    """The package that reads and writes AVIF.

    Raises:
        InputError: It is not installed.
    """
    try:
        import imagecodecs
    except ImportError as error:
        needed = "AVIF needs imagecodecs, which is not installed; pip install 'hdrgen[formats]'"
        raise InputError(f"{path}: {needed}") from error
    return imagecodecs


def described_picture(path: Path, name: str = "AVIF") -> AvifPicture:
    """What the boxes say; nothing is decoded.

    Args:
        path: The file.
        name: Of its format, for the message.

    Raises:
        InputError: No picture in it.
    """
    with path.open("rb") as stream:
        picture = _picture(stream, _described(stream))
    if picture is None:
        raise InputError(f"{path}: truncated or corrupt {name} file (no picture described in it)")
    return picture


def _described(stream: BinaryIO) -> dict[bytes, IsoBox]:
    """The boxes that describe the pictures."""
    top = boxes(stream, 0, stream.seek(0, 2))
    return next((items.parts_of(stream, part) for part in top if part.kind == b"meta"), {})


def _picture(stream: BinaryIO, parts: dict[bytes, IsoBox]) -> AvifPicture | None:
    properties = dict(items.properties(stream, parts, items.primary(stream, parts)))
    size = properties.get(b"ispe", b"")[items.FULL : items.FULL + 8]
    if len(size) < 8:
        return None
    width, height = struct.unpack(">II", size)
    mirror = _byte(properties, b"imir", 0)
    return AvifPicture(
        width,
        height,
        bits=_byte(properties, b"pixi", items.FULL + 1) or 8,
        cicp=Cicp(*struct.unpack(">HH", properties[b"nclx"][:4])) if len(properties.get(b"nclx", b"")) >= 4 else None,
        profile=properties.get(b"prof", b""),
        turns=(_byte(properties, b"irot", 0) or 0) & 3,
        mirror=None if mirror is None else mirror & 1,
        metadata=_exif(stream, parts),
        gain_map=any(True for _ in items.items_of(stream, parts, _TONE_MAP)),
        shown=_shown(properties.get(b"clap", b"")),
    )


def _shown(aperture: bytes) -> tuple[int, int] | None:
    """Of the clean aperture: fractions of width and height, then of its place."""
    if len(aperture) < 16:
        return None
    width, width_parts, height, height_parts = struct.unpack(">IIII", aperture[:16])
    return (width // width_parts, height // height_parts) if width_parts and height_parts else None


def _byte(properties: dict[bytes, bytes], kind: bytes, at: int) -> int | None:
    content = properties.get(kind, b"")
    return content[at] if len(content) > at else None


def _exif(stream: BinaryIO, parts: dict[bytes, IsoBox]) -> dict[str, object]:
    for item in items.items_of(stream, parts, b"Exif"):
        block = items.data_of(stream, parts, item, _LONGEST_EXIF)
        return metadata_in(block[4 + int.from_bytes(block[:4], "big") :])
    return {}


def with_exif(content: bytes, block: bytes) -> bytes:
    """A file of one picture, as libavif writes it, with an EXIF item behind it.

    Raises:
        OSError: The file is laid out in another way than libavif 1 does.
    """
    stream = BytesIO(content)
    meta = next(part for part in boxes(stream, 0, len(content)) if part.kind == b"meta")
    parts = items.parts_of(stream, meta)
    located, listed = items.content_of(stream, parts, b"iloc"), items.content_of(stream, parts, b"iinf")
    if located[:8] != b"\0\0\0\0\x44\0\0\1" or listed[:6] != bytes(5) + b"\1" or b"iref" in parts:
        raise OSError("EXIF cannot be added to what this version of libavif writes")
    item, offset, length = struct.unpack(">H4xII", located[8:22])
    entry = full_box(b"infe", struct.pack(">HH4sB", item + 1, 0, b"Exif", 0), version=2)
    reference = full_box(b"iref", box(b"cdsc", struct.pack(">HHH", item + 1, 1, item)))
    grown = 14 + len(entry) + len(reference)
    places = struct.pack(">HHHII", item, 0, 1, offset + grown, length)
    places += struct.pack(">HHHII", item + 1, 0, 1, len(content) + grown + 8, len(block) + 4)
    new = {
        b"iloc": box(b"iloc", located[:7] + b"\2" + places),
        b"iinf": box(b"iinf", bytes(5) + b"\2" + listed[6:] + entry) + reference,
    }
    inner = b"".join(new.get(part.kind) or box(part.kind, content[part.start : part.end]) for part in parts.values())
    rest = content[meta.end :] + box(b"mdat", bytes(4) + block)
    return content[: meta.start - 8] + full_box(b"meta", inner) + rest

"""HEIC through libheif (pillow-heif): display values of 8 or 16 bits, radiance where the curve is PQ.

Size, colours and EXIF are read from the file's boxes, as those of AVIF are, so that headers need no library.
"""

from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hdrgen.errors import InputError
from hdrgen.io.codecs.avif import AvifPicture, described_picture
from hdrgen.io.codecs.channels import choose_stored
from hdrgen.io.codecs.codec import Codec, Decoded, DecodeOptions, Summary, check_size
from hdrgen.io.codecs.hdr_picture import pictured
from hdrgen.io.codecs.heif.apple import AppleGain, apple_gain, has_apple_gain, has_apple_map, with_apple_gain
from hdrgen.io.gain_maps.boxed_gain_map import BoxedGainMap, boxed_gain_map, with_boxed_gain
from hdrgen.io.gain_maps.gain_map import NOT_APPLIED, GainMapError, found_or_told, reading_gain_map
from hdrgen.io.image import Pixels
from hdrgen.io.metadata.exif import exposure_from
from hdrgen.io.metadata.icc import chromaticities_of
from hdrgen.io.notes import Note

_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs")
_BYTES, _GAIN_MAP_BYTES = 23, 30  # for each pixel, as of AVIF, which decodes likewise
_NO_MAP = Note("no gain map that is read here found; the photograph alone is read")


class Heic(Codec):
    """HEIC, read only."""

    name = title = "HEIC"
    suffixes = (".heic", ".heif", ".hif")

    def recognises(self, path: Path, start: bytes) -> bool:
        """By the brands in the first box."""
        brands = start[8 : int.from_bytes(start[:4], "big")]
        return start[4:8] == b"ftyp" and any(brand in brands for brand in _BRANDS)

    def summary(self, path: Path) -> Summary:
        """Size and exposure."""
        return _summary_of(described_picture(path, self.name))

    def has_gain_map(self, path: Path) -> bool:
        """Of ISO 21496-1, or Apple's with the headroom that says what it means."""
        described = described_picture(path, self.name).gain_map
        if described and found_or_told(partial(boxed_gain_map, path), asked=False)[0] is not None:
            return True
        return has_apple_gain(_opened(path))

    def chromaticities(self, path: Path) -> tuple[float, ...] | None:
        """Of the CICP numbers, or the colour profile, which libheif hands out."""
        picture = described_picture(path, self.name)
        return (picture.cicp.chromaticities if picture.cicp else None) or _profile_colours(_opened(path))

    def decode(self, path: Path, options: DecodeOptions) -> Decoded:
        """Display values, or radiance by the curve PQ or by Apple's gain map where that is asked for."""
        picture = described_picture(path, self.name)
        summary = _summary_of(picture)
        check_size(path, summary.width, summary.height, options, _GAIN_MAP_BYTES if options.gain_map else _BYTES)
        heif = _opened(path)
        levels, bits = _levels(heif, path)
        if levels.shape[:2] != (summary.height, summary.width):
            raise InputError(f"{path}: corrupt HEIC file (its parts differ in size)")
        pixels, notes = choose_stored(levels, path)
        colours = (picture.cicp.chromaticities if picture.cicp else None) or _profile_colours(heif)
        read_gain = partial(_gain_map_in, path, heif, picture.gain_map, options)
        found, told = found_or_told(read_gain, options.gain_map)
        if isinstance(found, _Boxed) and found.levels is not None:
            lifted = with_boxed_gain(found.gain, (pixels, bits), found.levels, colours)
            return Decoded(summary, lifted, True, notes, found.gain.colours or colours)
        if isinstance(found, AppleGain) and bits == 8:
            return Decoded(summary, with_apple_gain(pixels, found), True, notes, colours)
        own = (NOT_APPLIED,) if (found or has_apple_map(heif)) and not options.gain_map else ()
        told = own or told or ((_NO_MAP,) if options.gain_map else ())
        decoded = Decoded(summary, pixels, False, (*notes, *told), colours)
        return pictured(decoded, picture.cicp, bits)


def _summary_of(picture: AvifPicture) -> Summary:
    size = picture.shown or (picture.width, picture.height)
    return Summary(*(size[::-1] if picture.turns % 2 else size), exposure_from(picture.metadata))


class _Boxed(NamedTuple):
    """The gain map of ISO 21496-1 in a file; its levels and their bits, where it is asked for."""

    gain: BoxedGainMap
    levels: tuple[Pixels, int] | None


def _gain_map_in(path: Path, heif: Any, described: bool, options: DecodeOptions) -> _Boxed | AppleGain | None:
    """That of ISO 21496-1, where it is described, else Apple's, where that is asked for.

    Raises:
        GainMapError: It cannot be read.
    """
    with reading_gain_map(path):
        boxed = boxed_gain_map(path) if described else None
        if described and boxed is None:
            raise GainMapError.of(
                path, "this variant of gain map is not read here (none is described where it is announced)"
            )
        if boxed is None:
            return apple_gain(heif, path) if options.gain_map else None
        if not options.gain_map:
            return _Boxed(boxed, None)
        of_map = _opened(path, boxed.file)
        check_size(path, of_map.size[0], of_map.size[1], options, _BYTES)
        return _Boxed(boxed, _levels(of_map, path))


def _opened(path: Path, content: bytes | None = None) -> Any:
    """The file, or this content of it, as pillow-heif has it opened.

    Raises:
        InputError: It is not installed, or cannot read the file.
    """
    try:
        import pillow_heif
    except ImportError as error:
        needed = "HEIC needs pillow-heif, which is not installed; pip install 'hdrgen[heic]', or convert it"
        raise InputError(f"{path}: {needed}") from error
    try:
        return pillow_heif.open_heif(path if content is None else BytesIO(content), convert_hdr_to_8bit=False)
    except (ValueError, SyntaxError, OSError, RuntimeError, EOFError) as error:
        raise InputError(f"{path}: truncated or corrupt HEIC file ({' '.join(str(error).split())})") from error


def _levels(heif: Any, path: Path) -> tuple[Pixels, int]:
    """(H, W) or (H, W, channels) as stored, upright, and their bits; libheif puts levels of more than 8 at the top."""
    bits = int(heif.info.get("bit_depth", 8))
    try:
        pixels = np.asarray(heif)
    except (ValueError, SyntaxError, OSError, RuntimeError, EOFError) as error:
        raise InputError(f"{path}: truncated or corrupt HEIC file ({' '.join(str(error).split())})") from error
    return (pixels, 8) if pixels.dtype == np.uint8 else (pixels >> (16 - bits), bits)


def _profile_colours(heif: Any) -> tuple[float, ...] | None:
    profile = heif.info.get("icc_profile")
    return chromaticities_of(profile) if profile else None

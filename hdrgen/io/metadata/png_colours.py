"""What the chunks of a PNG file say of its colours and its curve (PNG specification, third edition, section 4.3).

Of several the first of this order holds: cICP, iCCP, sRGB, then cHRM and gAMA, which stand beside each other.
"""

import struct
import zlib
from pathlib import Path
from typing import NamedTuple

from hdrgen.io.containers.png_chunks import content_before_pixels
from hdrgen.io.metadata.cicp import BT2020_PQ, LINEAR, UNSPECIFIED, Cicp
from hdrgen.io.metadata.icc import curve_of, gamma_of

_NAMES = frozenset((b"cICP", b"iCCP", b"sRGB", b"cHRM", b"gAMA"))
_PQ_PROFILE = b"ITUR_2100_PQ_FULL"  # by its name alone: "Using the ITU BT.2100 PQ EOTF with PNG", W3C 2017
_LONGEST_PROFILE = 1 << 22
_SCALE = 100_000  # of the integers in cHRM and gAMA
_DISPLAY, _SAME_DISPLAY = 1 / 2.2, 0.05  # the usual gAMA, and the share by which others are taken for it
_LEAST, _MOST = 0.1, 10  # powers that are meant
_SAME_LINEAR = 0.01
_GAMMAS = {4: 1 / 2.2, 5: 1 / 2.8, 17: 1 / 2.6}  # curves of H.273 that are powers


class PngColours(NamedTuple):
    """The colours and the curve of the samples.

    Attributes:
        cicp: Primaries and curve by their numbers; None where the file has none, or the curve is a display's.
        full_range: Whether all of the levels are used, or those of video signals.
        gamma: Samples are light to the power of it, where that is neither linear nor what displays usually have.
        chromaticities: x, y of red, green, blue and white, as they are written; those of a profile are not here.
    """

    cicp: Cicp | None = None
    full_range: bool = True
    gamma: float | None = None
    chromaticities: tuple[float, ...] | None = None

    @property
    def is_radiance(self) -> bool:
        """Whether the samples stand for radiance, by their curve."""
        return self.cicp is not None and self.cicp.is_radiance


def png_colours(path: Path) -> PngColours:
    """What a PNG file says; its profile's curve only, not its primaries."""
    chunks = content_before_pixels(path, _NAMES)
    if len(chunks.get(b"cICP", b"")) == 4:
        primaries, curve, _, full_range = chunks[b"cICP"]
        cicp = Cicp(primaries, curve)
        gamma = _unusual(_GAMMAS.get(curve))
        return PngColours(cicp, bool(full_range), gamma, cicp.chromaticities or _chromaticities_in(chunks))
    if b"iCCP" in chunks:
        return _of_profile(chunks[b"iCCP"])
    if b"sRGB" in chunks:
        return PngColours()
    return _of_gamma(_number(chunks.get(b"gAMA", b"")))._replace(chromaticities=_chromaticities_in(chunks))


def _of_profile(content: bytes) -> PngColours:
    name, _, compressed = content.partition(b"\0")
    if name == _PQ_PROFILE:
        return PngColours(BT2020_PQ, chromaticities=BT2020_PQ.chromaticities)
    try:
        profile = zlib.decompressobj().decompress(compressed[1:], _LONGEST_PROFILE)
    except zlib.error:
        return PngColours()
    said, power = curve_of(profile), gamma_of(profile)
    if said is not None:
        return PngColours(said, chromaticities=said.chromaticities)
    return PngColours(gamma=_unusual(1 / power) if power and _LEAST <= power <= _MOST else None)


def _of_gamma(gamma: float | None) -> PngColours:
    if gamma is not None and abs(gamma - 1) <= _SAME_LINEAR:
        return PngColours(Cicp(UNSPECIFIED, LINEAR))
    return PngColours(gamma=_unusual(gamma))


def _unusual(gamma: float | None) -> float | None:
    """A power that has to be undone; None of displays' own."""
    return None if gamma is None or abs(gamma / _DISPLAY - 1) <= _SAME_DISPLAY else gamma


def _number(content: bytes) -> float | None:
    """Of gAMA; None where it cannot be."""
    value = struct.unpack(">I", content)[0] / _SCALE if len(content) == 4 else 0
    return value if _LEAST <= value <= _MOST else None


def _chromaticities_in(chunks: dict[bytes, bytes]) -> tuple[float, ...] | None:
    """Of cHRM, which has the white in front."""
    content = chunks.get(b"cHRM", b"")
    if b"iCCP" in chunks or len(content) != 32:
        return None
    white_x, white_y, *primaries = (value / _SCALE for value in struct.unpack(">8i", content))
    return (*primaries, white_x, white_y)

"""HDR pictures to look at: what the formats share that store luminance, 203 cd/m2 of which are radiance 1."""

from functools import partial

import numpy as np

from hdrgen.io.codecs.codec import Decoded
from hdrgen.io.colour import HLG_PEAK, Chromaticities, ColourSpace, converted
from hdrgen.io.image import Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.metadata.cicp import FULL_RADIANCE, HLG, Cicp, pq_levels, radiance_of
from hdrgen.io.notes import Note
from hdrgen.io.rows import by_rows

RADIANCE_BYTES = 21
"""For each pixel, measured: levels of 16 bits in OpenImageIO and here, radiance, and masks while it is checked."""
_BLACK = 1e-3
"""Of 203 cd/m2: a picture without brighter pixels looks black on any screen."""
_HLG_NOTE = Note(f"HLG is read as the light of a display of {HLG_PEAK:g} cd/m2, radiance 1 is 203 (ITU-R BT.2100)")


def pictured(decoded: Decoded, cicp: Cicp | None, bits: int) -> Decoded:
    """Radiance of the values of an HDR picture; display values at 8 or 16 bits of an SDR one.

    Args:
        decoded: Pixels as stored: integers of `bits` bits, or floating point signal values.
        cicp: What the file says of their curve.
        bits: Of a channel.
    """
    pixels = decoded.pixels
    if cicp is not None and cicp.is_radiance:
        notes = (*decoded.notes, *((_HLG_NOTE,) if cicp.transfer == HLG else ()))
        return decoded._replace(pixels=radiance_of(pixels, cicp, bits), linear=True, notes=notes)
    if pixels.dtype.kind == "f":
        return decoded._replace(pixels=quantised(pixels, 16))
    if pixels.dtype == np.uint16 and bits < 16:
        pixels = by_rows(partial(_at_16_bits, bits=bits), pixels, np.uint16)
    return decoded._replace(pixels=pixels)


def _at_16_bits(levels: Pixels, bits: int) -> Pixels:
    """Integers of fewer bits, stretched to the whole range and rounded."""
    full = np.uint32(2**bits - 1)
    stretched: Pixels = (np.minimum(levels, full) * np.uint32(65535) + full // 2) // full
    return stretched


def pq_picture(
    radiance: Pixels, source: Chromaticities, space: ColourSpace, bits: int
) -> tuple[Pixels, tuple[Note, ...]]:
    """PQ levels in the colours of the file, and a note on what they cannot hold.

    Band by band, so that the picture is not held as float once more.
    """
    above, largest = 0, 0.0

    def levels(rows: Pixels) -> Pixels:
        nonlocal above, largest
        pixels = converted(rows, source, space.chromaticities)
        above, largest = above + count_above(pixels), max(largest, float(pixels.max()))
        return pq_levels(pixels, bits)

    return by_rows(levels, radiance, np.uint16), range_notes(above, largest)


def count_above(radiance: Pixels) -> int:
    """How many pixels are too bright for these formats."""
    return int((radiance > FULL_RADIANCE).any(axis=-1).sum())


def range_notes(above: int, largest: float) -> tuple[Note, ...]:
    """What to say of pixels that are too bright, and of a picture that is all too dark."""
    if 0 < largest < _BLACK:
        return (
            Note(f"radiance up to {largest:.3g} is black here, where 1 is shown as 203 cd/m2; scale it, or use .exr"),
        )
    limit = f"{FULL_RADIANCE:.4g} (10,000 cd/m2)"
    return (Note(f"{above} pixels are brighter than {limit}, where this format ends; clipped"),) if above else ()

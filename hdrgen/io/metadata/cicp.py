"""Colour primaries and curves by the code points of ITU-T H.273, as AVIF and JPEG XL files store them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.io.colour import (
    COLOUR_SPACES,
    PQ_PEAK,
    REFERENCE_WHITE,
    ColourSpace,
    Values,
    pq_decoded,
    pq_encoded,
)
from hdrgen.io.rows import by_rows

LINEAR, PQ, HLG = 8, 16, 18
_C, _E, _D65 = (0.310, 0.316), (1 / 3, 1 / 3), (0.3127, 0.3290)
_NTSC = (0.630, 0.340, 0.310, 0.595, 0.155, 0.070, *_D65)
_PRIMARIES = {
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *_C),  # NTSC of 1953
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *_D65),  # PAL
    6: _NTSC,
    7: _NTSC,
    8: (0.681, 0.319, 0.243, 0.692, 0.145, 0.049, *_C),  # film
    10: (1.0, 0.0, 0.0, 1.0, 0.0, 0.0, *_E),  # CIE XYZ
    11: (0.680, 0.320, 0.265, 0.690, 0.150, 0.060, 0.314, 0.351),  # DCI-P3
    22: (0.630, 0.340, 0.295, 0.605, 0.155, 0.077, *_D65),  # EBU Tech 3213
} | {space.cicp: space.chromaticities for space in COLOUR_SPACES}
"""Table 2 of ITU-T H.273."""
FULL_RADIANCE = PQ_PEAK / REFERENCE_WHITE
"""The largest radiance that PQ holds, 49.26: 10,000 cd/m2 where radiance 1 is 203."""


class Cicp(NamedTuple):
    """Colour primaries and transfer characteristics."""

    primaries: int
    transfer: int

    @property
    def chromaticities(self) -> tuple[float, ...] | None:
        """x, y of the primaries and white; None where they are unspecified or not known here."""
        return _PRIMARIES.get(self.primaries)

    @property
    def is_radiance(self) -> bool:
        """Whether the values are an HDR picture's, by their curve."""
        return self.transfer in (LINEAR, PQ, HLG)


def pq_of(space: ColourSpace) -> Cicp:
    """PQ in the primaries of a colour space."""
    return Cicp(space.cicp, PQ)


def pq_levels(radiance: Values, bits: int) -> NDArray[np.uint16]:
    """Radiance, 1 of which is 203 cd/m2, as PQ levels of so many bits, full range; clipped to [0, 49.26].

    >>> pq_levels(np.array([0.0, 1.0, 100.0]), 10).tolist()
    [0, 594, 1023]
    """

    def levels(rows: Values) -> Values:
        signal = pq_encoded(rows.astype(np.float32) * np.float32(REFERENCE_WHITE))
        return np.rint(signal * np.float32(2**bits - 1))

    return by_rows(levels, radiance, np.uint16)


def radiance_of(levels: Values, cicp: Cicp, bits: int) -> NDArray[np.float32]:
    """Radiance of integer levels of so many bits, or of float signal values: the inverse of `pq_levels`.

    Raises:
        ValueError: A curve that is not read here (HLG).
    """
    if cicp.transfer == LINEAR:
        if levels.dtype.kind == "f":
            return levels.astype(np.float32, copy=False)
        return by_rows(lambda rows: rows / np.float32(2**bits - 1), levels, np.float32)
    if cicp.transfer != PQ:
        raise ValueError("the curve HLG is not read here, PQ and linear are")
    if levels.dtype.kind == "f":
        return by_rows(lambda rows: pq_decoded(rows) / REFERENCE_WHITE, levels, np.float32)
    table = (pq_decoded(np.arange(2**bits) / (2**bits - 1)) / REFERENCE_WHITE).astype(np.float32)
    return by_rows(lambda rows: table[np.minimum(rows, 2**bits - 1)], levels, np.float32)

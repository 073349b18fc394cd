"""What goes into a file beside the pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from hdrgen.io.colour import named_like
from hdrgen.io.exposure import Camera, Exposure
from hdrgen.io.metadata.exif import MADE
from hdrgen.io.metadata.exif_block import exif_block
from hdrgen.io.metadata.icc import display_profile


@dataclass(frozen=True)
class Tags:
    """What goes into a file beside the pixels.

    Attributes:
        exposure: Time, f-number, ISO, EV.
        camera: What took the photograph.
        chromaticities: Of the pixels as they are written; None where the caller said nothing of colours.
        made: Whether the file is made of photographs, and no exposure itself.
    """

    exposure: Exposure
    camera: Camera | None = None
    chromaticities: tuple[float, ...] | None = None
    made: bool = False

    def at(self, stops: float) -> Tags:
        """Those of an exposure that is so many stops brighter; without a time where only up or down is known.

        >>> Tags(Exposure(time=0.25, iso=100)).at(2.0).exposure
        Exposure(time=1.0, fnumber=None, iso=100, ev=None)
        """
        time, ev = self.exposure.time, self.exposure.ev
        known = math.isfinite(stops)
        changed = replace(
            self.exposure,
            time=time * 2.0**stops if known and time is not None else None,
            ev=ev + stops if known and ev is not None else None,
        )
        return replace(self, exposure=changed)

    @property
    def software(self) -> str:
        """What the file names as its software; empty where it is an exposure."""
        return MADE if self.made else ""

    def exif(self) -> bytes:
        """The block of bytes; empty where nothing is known."""
        return exif_block(self.exposure, self.camera, self.software)

    def profile(self, *, linear: bool = False) -> bytes:
        """The colour profile, with the sRGB curve unless `linear`; empty where nothing was said of colours."""
        if self.chromaticities is None:
            return b""
        known = named_like(self.chromaticities)
        return display_profile(self.chromaticities, linear=linear, name=known.name if known else "")

"""How much light a frame received, as its settings or directly in stops."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hdrgen.errors import InputError

SAME_EXPOSURE = 0.01
"""Stops by which two exposures differ at least; cameras step by a third."""
MOST_STOPS = 60
"""From the darkest to the brightest exposure of a scene, and from 0: cameras with all their filters reach 40, and twice
as many as these do not fit into 32-bit floats."""


@dataclass(frozen=True)
class Exposure:
    """The exposure settings of one photograph; whatever is unknown is `None`.

    Attributes:
        time: Exposure time in seconds.
        fnumber: Aperture as f-number.
        iso: Sensitivity as ISO speed.
        ev: Exposure in stops, where a source gives only that (VDS file names, Kalantari's lists); wins over settings.

    Raises:
        ValueError: A setting that is not positive and finite, or an `ev` that is not finite.

    >>> Exposure(time=1 / 64, fnumber=4.0, iso=200).stops
    -9.0
    """

    time: float | None = None
    fnumber: float | None = None
    iso: float | None = None
    ev: float | None = None

    def __post_init__(self) -> None:
        for name in ("time", "fnumber", "iso"):
            value = getattr(self, name)
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise ValueError(f"expected a positive, finite {name}, found {value}")
        if self.ev is not None and not math.isfinite(self.ev):
            raise ValueError(f"expected a finite ev, found {self.ev}")

    @property
    def stops(self) -> float | None:
        """log2 of the light that reached the sensor, up to a constant; `None` when neither `ev` nor `time` is known.

        stops = log2(time / fnumber^2 * iso / 100). An unknown f-number or ISO counts as a constant and is left out,
        so stops are comparable only between frames that know the same settings.
        """
        if self.ev is not None:
            return self.ev
        if self.time is None:
            return None
        aperture = 0.0 if self.fnumber is None else 2 * math.log2(self.fnumber)
        gain = 0.0 if self.iso is None else math.log2(self.iso / 100)
        return math.log2(self.time) - aperture + gain

    def __str__(self) -> str:
        """The known settings in words, e.g. `0.004 s, f/2.8, ISO 400`."""
        parts = [
            f"{self.ev:+g} EV" if self.ev is not None else "",
            f"{self.time:.4g} s" if self.time is not None else "",
            f"f/{self.fnumber:g}" if self.fnumber is not None else "",
            f"ISO {self.iso:g}" if self.iso is not None else "",
        ]
        return ", ".join(part for part in parts if part) or "unknown exposure"


@dataclass(frozen=True)
class Camera:
    """What took a photograph, in its maker's words.

    >>> str(Camera("Canon", "Canon EOS 5D")), str(Camera("SONY", "ILCE-7M3"))
    ('Canon EOS 5D', 'SONY ILCE-7M3')
    """

    make: str = ""
    model: str = ""

    def __str__(self) -> str:
        """Make and model, the make once."""
        known = self.model.lower().startswith(self.make.lower())
        return (self.model if known else f"{self.make} {self.model}").strip()


@dataclass(frozen=True)
class Frame:
    """One photograph of an exposure stack: its file and its exposure.

    Attributes:
        path: The file.
        exposure: Its exposure.
        listed: Whether somebody wrote the exposure down, in a list or an argument; else the camera or a name says it.
    """

    path: Path
    exposure: Exposure
    listed: bool = field(default=False, compare=False)


def check_span(frames: Sequence[Frame], place: object) -> None:
    """Refuse exposures that no camera takes of a scene, and that numbers do not hold.

    Args:
        frames: Of one scene, all with known stops.
        place: Where they are, for the message.

    Raises:
        InputError: Some lie farther than `MOST_STOPS` from 0, or from each other.
    """
    ordered = sorted(frames, key=lambda frame: frame.exposure.stops or 0.0)
    ends = ordered[:: max(1, len(ordered) - 1)]
    stops = [frame.exposure.stops or 0.0 for frame in ends]
    if ends and max(abs(stops[0]), abs(stops[-1]), stops[-1] - stops[0]) > MOST_STOPS:
        found = ", ".join(f"{frame.path.name}: {frame.exposure}" for frame in ends)
        raise InputError(
            f"{place}: expected exposures within {MOST_STOPS} stops of each other and of 0, found {found};"
            " correct them, pass ev=[-2, 0, 2], for example",
            "ev",
        )

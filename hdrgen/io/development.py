"""How a camera's RAW file is developed: what a photographer chooses, and what the frames of a bracket share."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError

BALANCES = ("camera", "daylight")
DEMOSAIC = ("ahd", "linear", "vng", "ppg", "dcb", "dht", "aahd")
"""LibRaw's ways to interpolate the colours that lie between those of the sensor, its usual one first."""
HIGHLIGHTS = ("clip", "unclip", "blend", "rebuild")
"""What becomes of what the sensor clips, by LibRaw: white; as it is, often magenta; mixed; colours made up."""
HOT_PIXELS = ("remove", "keep")
"""What becomes of pixels of the sensor that one exposure of a stack shows bright and a shorter one proves dark."""


@dataclass(frozen=True)
class RawDevelopment:
    """Of camera RAW.

    Attributes:
        white_balance: `camera` (what the file says), `daylight`, or multipliers of red, green and blue, of which only
            the ratios count.
        white: Code of the sensor at which it clips, or one each of red, green and blue; None is the file's white level.
        demosaic: One of `DEMOSAIC`.
        highlights: One of `HIGHLIGHTS`; all but `clip` leave room above white, so that the picture is darker.
        half_size: A pixel for each 2 x 2 of the sensor, without interpolation.
        hot_pixels: One of `HOT_PIXELS`; of one file alone nothing is known of them.
        hot: Row and column of those of this file, (N, 2); what reads a stack finds them.

    Raises:
        InputError: Another choice.
    """

    white_balance: str | tuple[float, ...] = "camera"
    white: float | tuple[float, ...] | None = None
    demosaic: str = "ahd"
    highlights: str = "clip"
    half_size: bool = False
    hot_pixels: str = "remove"
    hot: NDArray[np.intp] = field(default_factory=lambda: np.empty((0, 2), np.intp), compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, known in (("demosaic", DEMOSAIC), ("highlights", HIGHLIGHTS), ("hot_pixels", HOT_PIXELS)):
            if getattr(self, name) not in known:
                raise InputError(f"{name}: expected one of {', '.join(known)}, found {getattr(self, name)!r}", name)
        balance = self.white_balance
        if isinstance(balance, str):
            if balance not in BALANCES:
                raise InputError(
                    f"white_balance: expected camera, daylight or three multipliers, found {balance!r}; pass"
                    " white_balance=camera, for example",
                    "white_balance",
                )
        elif len(balance) != 3 or not _positive(balance):
            found = ", ".join(f"{each:g}" for each in balance)
            raise InputError(f"white_balance: expected three multipliers above 0, found {found}", "white_balance")
        if self.white is not None and (len(self.whites) != 3 or not _positive(self.whites)):
            raise InputError(f"white: expected a code above 0, or three, found {self.white}", "white")

    @property
    def whites(self) -> tuple[float, ...]:
        """Codes of red, green and blue at which the sensor clips; infinite where nothing is said."""
        if self.white is None:
            return (math.inf,) * 3
        return (self.white,) * 3 if isinstance(self.white, int | float) else tuple(self.white)


def _positive(values: Sequence[float]) -> bool:
    return all(value > 0 and math.isfinite(value) for value in values)

"""Exposures of one scene, as files and exposure data; their pixels are read later."""

from dataclasses import dataclass

from hdrgen.io import Frame


@dataclass(frozen=True)
class Bracket:
    """Exposures of one scene, dark to bright.

    Attributes:
        name: Name of the folder that the photographs lie in.
        frames: The photographs, each with its exposure.
        order: Where their exposures come from, in words, such as "measured exposure".
    """

    name: str
    frames: list[Frame]
    order: str

    @property
    def middle(self) -> int:
        """The frame whose exposure is EV 0: the middle one, the darker of the two where their number is even."""
        return (len(self.frames) - 1) // 2

    @property
    def ev(self) -> list[float]:
        """Stops relative to the middle frame."""
        stops = [frame.exposure.stops or 0.0 for frame in self.frames]
        return [value - stops[self.middle] for value in stops]

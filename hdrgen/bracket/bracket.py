"""Exposures of one scene, as files and exposure data; their pixels are read later."""

from collections.abc import Sequence
from dataclasses import dataclass

from hdrgen.io import SAME_EXPOSURE, Frame


@dataclass(frozen=True)
class Bracket:
    """Exposures of one scene, dark to bright.

    Attributes:
        name: Name of the folder that the photographs lie in.
        frames: The photographs, each with its exposure.
        order: Where their exposures come from, in words, such as "measured exposure".
        known_ev: Stops relative to the middle frame, where they are not those of the frames' settings.
    """

    name: str
    frames: list[Frame]
    order: str
    known_ev: tuple[float, ...] | None = None

    @property
    def middle(self) -> int:
        """The frame of EV 0: of the middle exposure, the darker of the two where their number is even."""
        stops = [frame.exposure.stops or 0.0 for frame in self.frames]
        groups = repeats(stops)
        return groups[(len(groups) - 1) // 2][0]

    @property
    def ev(self) -> list[float]:
        """Stops relative to the middle frame."""
        if self.known_ev is not None:
            return list(self.known_ev)
        stops = [frame.exposure.stops or 0.0 for frame in self.frames]
        return [value - stops[self.middle] for value in stops]


def repeats(stops: Sequence[float]) -> list[list[int]]:
    """The frames of each exposure, by index, of ascending stops: more than one where it was taken more than once.

    >>> repeats([-2.0, 0.0, 2.0, 2.0])
    [[0], [1], [2, 3]]
    """
    groups: list[list[int]] = []
    for index, value in enumerate(stops):
        if groups and value - stops[groups[-1][0]] < SAME_EXPOSURE:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups

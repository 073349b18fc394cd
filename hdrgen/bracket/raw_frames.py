"""Camera RAW in a bracket: developed alike, and the highlights of the shortest exposure as the photographer wants."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass, replace

from hdrgen.bracket.bracket import Bracket
from hdrgen.errors import InputWarning
from hdrgen.io import HIGHLIGHTS, RawDevelopment, White, is_raw, shared_development, white_values


@dataclass(frozen=True)
class RawFrames:
    """How the frames of a RAW bracket are developed.

    Attributes:
        shared: What all frames share.
        white: Where the sensor clips, in words; empty where the files say it.
        hot: How many hot pixels of each frame are removed; empty where they are kept.
        frames: How each frame is developed.
    """

    shared: RawDevelopment
    white: str = ""
    hot: tuple[int, ...] = ()
    frames: tuple[RawDevelopment, ...] = ()
    share: float = 1.0

    @classmethod
    def of(cls, bracket: Bracket, white: White, development: RawDevelopment) -> RawFrames | None:
        """None unless all frames are RAW.

        Warns:
            InputWarning: The frames' own white balances differ.

        Raises:
            InputError: Files that cannot be read, or a white above that of the files.
        """
        paths = [frame.path for frame in bracket.frames]
        if not all(map(is_raw, paths)):
            return None
        chosen = development if white is None else replace(development, white=white_values(white))
        shared = shared_development(paths, bracket.ev, bracket.middle, chosen)
        if shared.balance:
            warnings.warn(InputWarning(f"{bracket.name}: {shared.balance}", "white_balance"), stacklevel=4)
        each = tuple(shared.frame(index) for index in range(len(paths)))
        return cls(shared.development, shared.white, tuple(map(len, shared.hot)), each, shared.share)

    @property
    def above_white(self) -> bool:
        """Whether the shortest exposure shows what the sensor clips."""
        return self.shared.highlights != HIGHLIGHTS[0]

    @property
    def room(self) -> float:
        """Stops by which the shortest frame is darker: LibRaw leaves room for the channel that is multiplied most."""
        balance = self.shared.white_balance
        if not self.above_white or isinstance(balance, str):
            return 0.0
        return math.log2(min(balance) / max(balance))

    def development(self, index: int) -> RawDevelopment:
        """Of one frame: longer exposures than the shortest know nothing of highlights that they clip."""
        own = self.frames[index]
        return own if index == 0 else replace(own, highlights=HIGHLIGHTS[0])

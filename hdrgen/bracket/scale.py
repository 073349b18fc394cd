"""One scale of radiance for several brackets, as for the sets of a panorama."""

from pathlib import Path

from hdrgen.bracket.bracket import Bracket
from hdrgen.errors import InputError
from hdrgen.io import Exposure, Frame, comparable


def gain_to(bracket: Bracket, exposure: Exposure, name: str) -> float:
    """The factor that brings the radiance of a bracket to the scale of another.

    Radiance 1 just reaches white in the middle exposure of each; the same light is more of it where that exposure is
    longer.

    Args:
        bracket: The bracket whose radiance it is.
        exposure: Of the other's middle exposure, which its HDR image says.
        name: Of the other, for messages.

    Raises:
        InputError: The exposure is unknown, or in stops where that of the bracket is in seconds.

    >>> middle = Frame(Path("b.jpg"), Exposure(time=1 / 100))
    >>> gain_to(Bracket("room", [middle], ""), Exposure(time=1 / 50), "first.exr")
    2.0
    """
    if exposure.stops is None:
        raise InputError(
            f"{name}: expected an HDR image that says its exposure, as merges write them in .exr, found"
            f" {exposure}; merge that one to .exr first",
            "scale_like",
        )
    frames = [Frame(Path(name), exposure), bracket.frames[bracket.middle]]
    first, own = (frame.exposure.stops or 0.0 for frame in comparable(frames))
    return float(2.0 ** (first - own))

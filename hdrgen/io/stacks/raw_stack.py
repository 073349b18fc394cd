"""One development for all RAW frames of a stack: one white balance, and the white that all of them show."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.clipping import brightest_pile, clip_levels
from hdrgen.io.codecs.raw import read_sensor
from hdrgen.io.codecs.raw_sensor import Sensor, multipliers, white_share
from hdrgen.io.development import HIGHLIGHTS, HOT_PIXELS, RawDevelopment
from hdrgen.io.formats import detect
from hdrgen.io.stacks.hot_pixels import hot_pixels
from hdrgen.io.white import FEWEST

_LOWEST = 0.5  # of the white level: below, no sensor is known to clip
_DRIFT = 0.002  # of a multiplier: cameras round their own to less


class SharedDevelopment(NamedTuple):
    """How all frames of a RAW stack are developed, and what a user should know of it, in words.

    Attributes:
        development: With multipliers for its white balance, and with the codes at which the sensor clips, if that is
            below the white level of the files.
        white: What was found of that; empty where the files say it.
        balance: Which frames have another white balance; empty where none has.
        hot: Row and column of the hot pixels of each frame, (N, 2); empty where they are kept.
        share: Of the light at the files' white level that is the largest value of what is developed.
    """

    development: RawDevelopment
    white: str
    balance: str
    hot: tuple[NDArray[np.intp], ...] = ()
    share: float = 1.0

    def frame(self, index: int) -> RawDevelopment:
        """How one of the frames is developed."""
        return replace(self.development, hot=self.hot[index]) if self.hot else self.development

    @property
    def notes(self) -> list[str]:
        """All that there is to know."""
        return [note for note in (self.balance, self.white) if note]


def is_raw(path: Path) -> bool:
    """Whether a file is camera RAW."""
    return detect(path).codec.sensor


def shared_development(
    paths: Sequence[Path], stops: Sequence[float], reference: int, development: RawDevelopment
) -> SharedDevelopment:
    """How all frames of a RAW stack are developed, so that they differ by their exposure only.

    Args:
        paths: The frames.
        stops: Their exposures.
        reference: Whose white balance the others take.
        development: What was chosen; a `white` in it is kept.

    Raises:
        InputError: A file that is truncated or corrupt, a white above the files' white level, or highlights above
            white of a sensor without three colours.
    """
    remove = development.hot_pixels == HOT_PIXELS[0] and len(paths) > 1
    sensors = [read_sensor(path, mosaic=remove) for path in paths]
    if development.highlights != HIGHLIGHTS[0] and sensors[reference].colours != 3:
        raise InputError(
            f"{paths[reference]}: expected a sensor of three colours for highlights above white, found"
            f" {sensors[reference].colours}; pass highlights=clip",
            "highlights",
        )
    balance, about_balance = _balance(paths, sensors, reference, development)
    white = development.white if development.white is not None else _white(sensors, stops)
    least = min(sensor.white for sensor in sensors)
    if development.white is not None and max(development.whites) > least:
        raise InputError(
            f"{paths[0].parent}: expected white up to the files' white level, {least}, found"
            f" {max(development.whites):g}; pass a lower one",
            "white",
        )
    lowest = max(max(sensor.black) for sensor in sensors) + FEWEST
    if development.white is not None and min(development.whites) < lowest:
        raise InputError(
            f"{paths[0].parent}: expected white as a code of the sensor from {lowest:g} to {least}, not as a share of"
            f" them, found {min(development.whites):g}; pass white={round(0.9 * least)}, for example",
            "white",
        )
    shared = replace(development, white_balance=balance, white=white)
    about_white = ""
    if min(shared.whites) < least:
        shown = shared.whites[:1] if len(set(shared.whites)) == 1 else shared.whites
        about_white = f"white is {', '.join(f'{code:g}' for code in shown)}, the files say {least}"
    hot = tuple(hot_pixels(sensors, stops)) if remove else ()
    return SharedDevelopment(shared, about_white, about_balance, hot, white_share(sensors[reference], shared))


def _balance(
    paths: Sequence[Path], sensors: Sequence[Sensor], reference: int, development: RawDevelopment
) -> tuple[str | tuple[float, ...], str]:
    """Multipliers for all frames, and which frames' own differ, in words."""
    if sensors[reference].colours != 3:
        return development.white_balance, ""
    chosen = multipliers(development, sensors[reference].camera, sensors[reference].daylight)
    if development.white_balance != "camera":
        return chosen, ""
    others = {
        path.name: sensor.camera
        for path, sensor in zip(paths, sensors, strict=True)
        if sensor.camera and any(abs(math.log(a / b)) > _DRIFT for a, b in zip(sensor.camera, chosen, strict=True))
    }
    if not others:
        return chosen, ""
    shown = ", ".join(f"{name} {_shown(balance)}" for name, balance in others.items())
    return chosen, (
        f"white balance differs from frame to frame; all are developed with that of {paths[reference].name},"
        f" {_shown(chosen)} (red, blue; found {shown})"
    )


def _shown(balance: tuple[float, ...]) -> str:
    return f"{balance[0]:.3f} {balance[2]:.3f}"


def _white(sensors: Sequence[Sensor], stops: Sequence[float]) -> tuple[float, ...] | None:
    if len({sensor.white for sensor in sensors}) > 1 or not all(sensor.codes for sensor in sensors):
        return None
    if len({tuple(map(len, sensor.codes)) for sensor in sensors}) > 1:
        return None
    frames = [(at, sensor.codes) for at, sensor in zip(stops, sensors, strict=True)]
    if len(sensors) == 1:
        found = brightest_pile(sensors[0].codes, sensors[0].white, near=_LOWEST)
        levels = found[0] if found and found[1] else None
    else:
        levels = clip_levels(frames, sensors[0].white)
    return None if levels is None else tuple(float(level.edge) for level in levels)

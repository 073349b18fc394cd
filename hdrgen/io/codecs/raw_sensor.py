"""What LibRaw knows of a camera's sensor: its white, its balance, and its values before anything is made of them."""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.io.development import DEMOSAIC, HIGHLIGHTS, RawDevelopment

GRID = 1 << 15  # tiles of the colour filter that are looked at: 65,536 values of green, a bracket of them in a megabyte
LINEAR = 0.75  # of the white level: LibRaw's limits per channel below that are in other units
MODES = dict(zip(HIGHLIGHTS, (0, 1, 2, 5), strict=True))


class Sensor(NamedTuple):
    """The sensor of a RAW file.

    Attributes:
        white: The white level of the file, a code.
        limits: Codes of red, green and blue from which on LibRaw knows the sensor to clip; at most `white`.
        black: Codes of red, green and blue without light.
        camera: Multipliers of red, green and blue that the camera noted, green 1; None where it noted none.
        daylight: The same of daylight.
        colours: How many the sensor tells apart.
        codes: Of red, green and blue, (N,) each, at the same places of every frame of a camera; empty where the sensor
            has another pattern.
        mosaic: All values as the sensor has them, (H, W), where they were asked for and its pattern is 2 x 2.
    """

    white: int
    limits: tuple[float, ...]
    black: tuple[float, ...]
    camera: tuple[float, ...] | None
    daylight: tuple[float, ...] | None
    colours: int
    codes: tuple[NDArray[Any], ...]
    mosaic: NDArray[np.uint16] | None = None


def sensor_of(raw: Any, *, mosaic: bool = False) -> Sensor:
    """What an open RAW file says; `mosaic`: with all its values."""
    values = mosaic_of(raw) if mosaic else None
    return _levels(raw)._replace(codes=_codes(raw), mosaic=None if values is None else values.copy())


def _levels(raw: Any) -> Sensor:
    """What an open file says, without any of its values."""
    camera, daylight = _balance(raw.camera_whitebalance), _balance(raw.daylight_whitebalance)
    return Sensor(int(raw.white_level), _limits(raw), _blacks(raw), camera, daylight, int(raw.num_colors), ())


def mosaic_of(raw: Any) -> NDArray[np.uint16] | None:
    """The values of an open file, (H, W), to read and to write; None where its pattern is not 2 x 2."""
    sensor, pattern = raw.raw_image_visible, raw.raw_pattern
    return sensor if pattern is not None and pattern.shape == (2, 2) and sensor.dtype == np.uint16 else None


def development_options(raw: Any, development: RawDevelopment) -> dict[str, Any]:
    """How LibRaw is told what was chosen, for this file."""
    import rawpy

    balance = development.white_balance
    options: dict[str, Any] = {"use_camera_wb": balance == "camera"}
    if not isinstance(balance, str):
        options["user_wb"] = [*balance, 0.0]  # the second green is as the first
    if development.demosaic != DEMOSAIC[0]:
        options["demosaic_algorithm"] = rawpy.DemosaicAlgorithm[development.demosaic.upper()]
    if development.highlights != HIGHLIGHTS[0]:
        options["highlight_mode"] = MODES[development.highlights]
    if development.half_size:
        options["half_size"] = True
    reach, full = _reach(_levels(raw), development)
    return options if reach >= full else options | {"user_sat": reach}


def white_share(sensor: Sensor, development: RawDevelopment) -> float:
    """Share of the light at the file's white level that becomes the largest value; 1 unless a channel clips first."""
    reach, full = _reach(sensor, development)
    return min(1.0, reach / full) if sensor.colours == 3 else 1.0


def _reach(sensor: Sensor, development: RawDevelopment) -> tuple[float, float]:
    """The code above black that becomes white, where the first channel, as the balance multiplies it, clips.

    And that of the file's white level, which it is where no channel clips before. LibRaw divides the multipliers by the
    least of them.
    """
    clipped = [min(pair) for pair in zip(sensor.limits, development.whites, strict=True)]
    gains = multipliers(development, sensor.camera, sensor.daylight)
    gains = tuple(gain / min(gains) for gain in gains)
    reach = min(gain * (code - dark) for gain, code, dark in zip(gains, clipped, sensor.black, strict=True))
    full = min(gain * (sensor.white - dark) for gain, dark in zip(gains, sensor.black, strict=True))
    return (max(1, round(reach)), full) if reach < full else (full, full)


def multipliers(
    development: RawDevelopment, camera: tuple[float, ...] | None, daylight: tuple[float, ...] | None
) -> tuple[float, ...]:
    """Of red, green and blue; daylight where the camera noted none, as LibRaw does."""
    if not isinstance(development.white_balance, str):
        return development.white_balance
    known = camera if development.white_balance == "camera" and camera else daylight
    return known or (1.0, 1.0, 1.0)


def _blacks(raw: Any) -> tuple[float, ...]:
    levels = [float(level) for level in raw.black_level_per_channel][:3]
    return tuple(levels) if len(levels) == 3 else (min(levels, default=0.0),) * 3


def _limits(raw: Any) -> tuple[float, ...]:
    white = float(raw.white_level)
    limits = raw.camera_white_level_per_channel
    if limits is None or len(limits) < 3 or not all(LINEAR * white < limit <= white for limit in limits[:3]):
        return (white,) * 3
    return tuple(float(limit) for limit in limits[:3])


def _balance(multipliers: Any) -> tuple[float, ...] | None:
    values = [float(value) for value in (multipliers or ())][:3]
    if len(values) != 3 or not all(value > 0 and math.isfinite(value) for value in values):
        return None
    return tuple(value / values[1] for value in values)


def _codes(raw: Any) -> tuple[NDArray[Any], ...]:
    """A grid of the sensor's values by colour."""
    pattern, sensor = raw.raw_pattern, raw.raw_image_visible
    if sensor is None or raw.num_colors != 3:
        return ()
    if sensor.ndim == 3:  # all colours of every pixel
        step = max(1, int((sensor[..., 0].size / GRID) ** 0.5))
        return tuple(sensor[::step, ::step, colour].ravel() for colour in range(3))
    if pattern is None:
        return ()
    pattern = np.roll(pattern, (-raw.sizes.top_margin, -raw.sizes.left_margin), (0, 1))
    height, width = pattern.shape
    step = max(1, int((sensor.size / pattern.size / GRID) ** 0.5))
    rows, columns = (side // each * each for side, each in zip(sensor.shape, pattern.shape, strict=True))
    planes: list[list[NDArray[Any]]] = [[], [], []]
    for y, x in np.ndindex(height, width):
        colour = int(pattern[y, x])
        planes[1 if colour == 3 else colour].append(
            sensor[y : rows : height * step, x : columns : width * step].ravel()
        )
    return tuple(np.concatenate(plane) for plane in planes) if all(planes) else ()

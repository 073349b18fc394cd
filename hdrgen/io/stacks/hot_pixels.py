"""Hot pixels of RAW exposures, told from small lights by the other exposures of the stack.

A pixel of the sensor is hot in an exposure if three things hold. It is far above all its neighbours of the same colour,
by more than these differ. No lens made it: of a point of light, however sharp, the pixels beside it get a part. And a
shorter exposure, in which it would stand out if it were light, does not show it. What every exposure confirms is left,
whatever it looks like: stars, small lamps, and also pixels whose error grows with time as light does. What a shorter
exposure shows and a longer one does not is its noise.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.io.codecs.raw_sensor import Sensor
from hdrgen.io.exposure import SAME_EXPOSURE
from hdrgen.io.rows import row_slices
from hdrgen.io.samples.mosaics import AROUND, FAR, values_at

_BESIDE = [(-1, 0), (1, 0), (0, -1), (0, 1)]
_ROWS = 256  # are searched at a time
_LEAST = 0.004  # of the sensor's range: less is seen nowhere
_BEYOND = 2.0  # times as far above the brightest neighbour as the neighbours differ: noise is not
_SPILL = 0.05  # of a light falls at least on each pixel beside it; the sharpest lenses give thrice that
_DENIED = 0.25  # of what light would show; exposures are known better than that
_NEAR = 32  # pixels within which a light may have moved between exposures
_MOST = 0.002  # of a sensor's pixels; more are something else than hot


class _Spots(NamedTuple):
    """Pixels that stand out, (N,) each: where, and by how much from the median of their neighbours."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    excess: NDArray[np.float64]


class _Surroundings(NamedTuple):
    """Of some pixels of a sensor, (N,) each: their values, and the median and the spread of their neighbours."""

    value: NDArray[np.float64]
    median: NDArray[np.float64]
    spread: NDArray[np.float64]


def hot_pixels(sensors: Sequence[Sensor], stops: Sequence[float]) -> list[NDArray[np.intp]]:
    """Row and column of the hot pixels of each exposure, (N, 2); none of sensors whose filter is no 2 x 2 pattern.

    Args:
        sensors: With their mosaics.
        stops: Their exposures.
    """
    mosaics = [sensor.mosaic for sensor in sensors if sensor.mosaic is not None]
    if len(mosaics) < len(sensors) or len({mosaic.shape for mosaic in mosaics}) > 1:
        return [np.empty((0, 2), np.intp) for _ in sensors]
    dark, full = max(max(sensor.black) for sensor in sensors), min(min(sensor.limits) for sensor in sensors)
    least = _LEAST * (full - dark)
    spots = [_isolated(mosaic, least) for mosaic in mosaics]
    found = []
    for index, here in enumerate(spots):
        hot = np.zeros(len(here.rows), bool)
        for other, mosaic in enumerate(mosaics):
            if stops[other] < stops[index] - SAME_EXPOSURE and len(here.rows):
                light = here.excess * 2.0 ** (stops[other] - stops[index])
                hot |= _denies(mosaic, here, light, spots[other], least, full)
        found.append(np.stack([here.rows[hot], here.columns[hot]], 1))
    return [places if len(places) <= _MOST * mosaics[0].size else places[:0] for places in found]


def _isolated(mosaic: NDArray[np.uint16], least: float) -> _Spots:
    """Pixels that are far above all neighbours of their colour, and give nothing to those beside them."""
    rows, columns = _peaks(mosaic, int(least))
    around = _surroundings(mosaic, rows, columns)
    above = around.value - around.median
    higher = around.value - np.nanmax(values_at(mosaic, rows, columns, AROUND), axis=1, initial=0.0)
    lit = np.max([_lit(mosaic, rows, columns, y, x) for y, x in _BESIDE], axis=0)
    kept = (higher > _BEYOND * around.spread) & (lit < _SPILL * above + around.spread / 2)
    return _Spots(rows[kept], columns[kept], above[kept])


def _lit(
    mosaic: NDArray[np.uint16], rows: NDArray[np.intp], columns: NDArray[np.intp], y: int, x: int
) -> NDArray[np.float64]:
    """How far the pixel beside, on one side, is above all of its own colour farther away: at an edge it is not."""
    farther = [(3 * y, 3 * x), *((by * y + turn * x, by * x + turn * y) for by in (1, 3) for turn in (-FAR, FAR))]
    values = values_at(mosaic, rows, columns, [(y, x), *farther])
    above: NDArray[np.float64] = values[:, 0] - np.fmax.reduce(values[:, 1:], axis=1)
    return np.nan_to_num(above, copy=False, nan=-np.inf)


def _peaks(mosaic: NDArray[np.uint16], least: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where a pixel is above its eight neighbours of the same colour by more than a number of codes."""
    found = []
    padded = np.pad(mosaic, FAR)
    for part in row_slices(len(mosaic), _ROWS):
        block = padded[part.start : part.stop + 2 * FAR]
        sides = np.maximum(block[:, : -2 * FAR], block[:, 2 * FAR :])
        three = np.maximum(sides, block[:, FAR:-FAR])
        most = np.maximum(three[: -2 * FAR], three[2 * FAR :])
        np.maximum(most, sides[FAR:-FAR], out=most)
        np.minimum(most, np.iinfo(most.dtype).max - least, out=most)
        most += np.uint16(least)
        rows, columns = np.nonzero(mosaic[part] > most)
        found.append((rows + part.start, columns))
    return np.concatenate([rows for rows, _ in found]), np.concatenate([columns for _, columns in found])


def _denies(
    mosaic: NDArray[np.uint16], spots: _Spots, light: NDArray[np.float64], others: _Spots, least: float, full: float
) -> NDArray[np.bool_]:
    """Which spots a shorter exposure would show well if they were light, by so many codes, and does not."""
    around = _surroundings(mosaic, spots.rows, spots.columns)
    expected = np.minimum(light, full - around.median)
    well = expected > _BEYOND * around.spread + least / 2
    denied = well & (around.value - around.median < _DENIED * expected)
    if denied.sum() > _MOST * mosaic.size:
        return np.zeros_like(denied)
    width = mosaic.shape[1]
    # What both exposures show at one place has not moved from another.
    moved = ~np.isin(others.rows * width + others.columns, spots.rows * width + spots.columns)
    others = _Spots(others.rows[moved], others.columns[moved], others.excess[moved])
    for at in np.flatnonzero(denied):
        row = spots.rows[at]
        near = slice(*np.searchsorted(others.rows, (row - _NEAR, row + _NEAR + 1)))
        beside = abs(others.columns[near] - spots.columns[at]) <= _NEAR
        excess = others.excess[near][beside]
        denied[at] = not ((excess > _DENIED * expected[at]) & (excess < expected[at] / _DENIED)).any()
    return denied


def _surroundings(mosaic: NDArray[np.uint16], rows: NDArray[np.intp], columns: NDArray[np.intp]) -> _Surroundings:
    neighbours = values_at(mosaic, rows, columns, AROUND)
    value = mosaic[rows, columns].astype(np.float64)
    if not len(rows):
        return _Surroundings(value, value, value)
    spread = np.nanmax(neighbours, axis=1) - np.nanmin(neighbours, axis=1)
    return _Surroundings(value, np.nanmedian(neighbours, axis=1), spread)

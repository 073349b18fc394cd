"""Gain maps: how many stops an HDR picture is brighter than its SDR base, pixel by pixel (ISO 21496-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError
from hdrgen.io.colour import BT709, Chromaticities, Values, conversion, srgb_decoded, srgb_encoded
from hdrgen.io.image import Pixels
from hdrgen.io.levels import quantised
from hdrgen.io.notes import Note
from hdrgen.io.rows import by_rows, row_slices, rows_of

NOT_APPLIED = Note("read as an ordinary photograph, without its gain map; pass gain_map=True to apply it", "gain_map")

_LEVELS = 255
_OFFSET = 1 / 64
_SMALLEST_RANGE = 0.01  # stops; a constant gain needs some range, too
Triple = tuple[float, float, float]
Found = TypeVar("Found")
Asked: TypeAlias = bool | Literal["try"]
"""Whether a gain map is to be applied: `"try"` takes the photograph alone where it cannot be."""


class GainMapError(InputError):
    """A gain map that cannot be read; the photograph that it belongs to may be.

    Attributes:
        reason: What is wrong with the map, without the file's name.
    """

    reason = ""

    @classmethod
    def of(cls, path: Path, reason: str) -> GainMapError:
        """That of a file; the arguments of the class itself are those of all errors, which other processes hand on."""
        error = cls(f"{path}: {reason}")
        error.reason = reason
        return error


@contextmanager
def reading_gain_map(path: Path) -> Iterator[None]:
    """Within this, what is wrong is wrong with the gain map of a file, whose name says which.

    Raises:
        GainMapError: Of any `InputError`.
    """
    try:
        yield
    except GainMapError:
        raise
    except InputError as error:
        raise GainMapError.of(path, f"its gain map cannot be read ({str(error).removeprefix(f'{path}: ')})") from error


def found_or_told(read: Callable[[], Found | None], asked: Asked) -> tuple[Found | None, tuple[Note, ...]]:
    """What reading a gain map gives; where it cannot be read, nothing, and a note that says so.

    Raises:
        GainMapError: It cannot be read and is asked for.
    """
    try:
        return read(), ()
    except GainMapError as error:
        if asked is True:
            raise
        return None, (Note(f"the photograph alone is read: {error.reason}"),)


@dataclass(frozen=True)
class GainMapMetadata:
    """What the levels of a map mean; three numbers each, for red, green and blue.

    HDR = (base + base_offset) * 2^G - offset,  G = minimum + (level / 255)^(1 / gamma) * (maximum - minimum)

    with linear values in which 1 is SDR white. A display that is brighter than SDR white by less than `headroom`
    stops applies only a part of G; all of it is applied here.

    Attributes:
        minimum: Log2 gain of level 0.
        maximum: Log2 gain of level 255.
        gamma: Exponent that the levels were stored with.
        base_offset: Added to the base before it is multiplied.
        offset: Subtracted from the result.
        headroom: Stops above SDR white from which a display shows the whole gain.
        base_headroom: Stops above SDR white that the base itself is made for: 0 but for an HDR base.
        in_base_colours: Whether the gain applies in the colours of the base, or in those of the map's own profile.
    """

    minimum: Triple
    maximum: Triple
    gamma: Triple = (1.0, 1.0, 1.0)
    base_offset: Triple = (_OFFSET,) * 3
    offset: Triple = (_OFFSET,) * 3
    headroom: float = 1.0
    base_headroom: float = 0.0
    in_base_colours: bool = True


class GainMap(NamedTuple):
    """A map: (H, W, 3) uint8 levels, perhaps smaller than the base, and what they mean."""

    levels: Pixels
    metadata: GainMapMetadata


def gain_map_between(base: Pixels, radiance: Pixels, *, full: float) -> GainMap:
    """The map that turns `base` into `radiance`, at full size.

    Args:
        base: (H, W, 3) uint8 display values, sRGB curve.
        radiance: (H, W, 3) linear, 1 is SDR white, in the same colours; negative values count as 0.
        full: Radiance above it is clipped.
    """

    def gain(rows: slice) -> Values:
        bright = np.clip(radiance[rows].astype(np.float32), 0, full) + np.float32(_OFFSET)
        return np.log2(bright / (linear[base[rows]] + np.float32(_OFFSET)))

    linear = _linear_levels()
    bands = list(row_slices(len(radiance), rows_of(radiance.shape[1])))
    extremes = [(float(part.min()), float(part.max())) for part in map(gain, bands)]
    low = min(minimum for minimum, _ in extremes)
    high = max(max(maximum for _, maximum in extremes), low + _SMALLEST_RANGE)
    levels = np.empty(base.shape, np.uint8)
    for rows in bands:
        levels[rows] = np.rint((gain(rows) - low) * (_LEVELS / (high - low)))
    brightest = min(max(float(radiance.max()), 0.0), full)  # the gain itself may be more, in dark channels of the base
    return GainMap(levels, GainMapMetadata((low,) * 3, (high,) * 3, headroom=_headroom(brightest)))


def _headroom(brightest: float) -> float:
    """Stops above SDR white that a display needs for a picture."""
    return max(float(np.log2(max(brightest, 1.0))), _SMALLEST_RANGE)


def apply_gain_map(
    gain_map: GainMap, base: Pixels, colours: Chromaticities | None = None, own: Chromaticities | None = None
) -> NDArray[np.float32]:
    """Linear radiance (H, W, 3) in which SDR white is 1. A smaller map is interpolated between its pixels' centres.

    Args:
        gain_map: The map.
        base: (H, W, 3) uint8 display values, sRGB curve.
        colours: Chromaticities of the base; BT.709 if it does not say.
        own: Those in which the gain applies, where they are others.
    """
    how = gain_map.metadata
    result = np.empty(base.shape, np.float32)
    to_own = None if own is None else conversion(colours or BT709.chromaticities, own).T.astype(np.float32)
    gain = _Gains(gain_map, base.shape)
    linear = _linear_levels()
    for rows in row_slices(len(base), rows_of(base.shape[1])):
        values = linear[base[rows]] if to_own is None else linear[base[rows]] @ to_own
        brightened = (values + _row(how.base_offset)) * gain.of(rows) - _row(how.offset)
        result[rows] = np.maximum(brightened, 0)  # radiance is never negative
    return result


class _Gains:
    """2^G of the rows of a picture, by the formula of `GainMapMetadata`: from a table where the map has its size."""

    def __init__(self, gain_map: GainMap, shape: tuple[int, ...]) -> None:
        self._levels, how = gain_map
        self._low, high, gamma = (_row(triple) for triple in (how.minimum, how.maximum, how.gamma))
        self._range, self._power = high - self._low, 1 / gamma
        self._table = self._formula(np.arange(_LEVELS + 1, dtype=np.float32)[:, None])
        self._rows, self._columns = (
            _Linear.between(size, target) for size, target in zip(self._levels.shape[:2], shape[:2], strict=True)
        )
        self._same = self._levels.shape[:2] == shape[:2]

    def of(self, rows: slice) -> Values:
        """(rows, W, 3) factors."""
        if self._same:
            return np.stack([self._table[self._levels[rows, :, channel], channel] for channel in range(3)], axis=-1)
        return self._formula(_resampled(self._levels, self._rows.part(rows), self._columns))

    def _formula(self, levels: Values) -> Values:
        gain: Values = np.exp2(self._low + (levels / np.float32(_LEVELS)) ** self._power * self._range)
        return gain


def rolled_off(radiance: Values) -> Pixels:
    """A plain SDR picture, uint8 (H, W, 3): what is well below white stays, highlights are compressed, hues are kept.

    The largest channel v becomes v (1 + v / w^2) / (1 + v) with w the largest value of the picture (Reinhard et al.,
    2002, equation 4, with the maximum in place of luminance), the others follow in proportion.
    """
    white = max(1.0, float(radiance.max()))

    def shown(rows: Values) -> Values:
        linear = np.maximum(rows.astype(np.float32), 0)
        largest = linear.max(axis=-1, keepdims=True)
        return quantised(srgb_encoded(linear * (1 + largest / white**2) / (1 + largest)), 8)

    return by_rows(shown, radiance, np.uint8)


def _row(triple: Triple) -> Values:
    return np.array(triple, np.float32)


def _linear_levels() -> NDArray[np.float32]:
    levels: NDArray[np.float32] = srgb_decoded(np.arange(256) / 255).astype(np.float32)
    return levels


@dataclass(frozen=True)
class _Linear:
    """Linear interpolation along one side: the two neighbours of every wanted sample and the share of the second."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    share: NDArray[np.float32]

    @classmethod
    def between(cls, count: int, target: int) -> _Linear:
        """From `count` samples to `target`, both with their centres at (i + 1/2) / count."""
        at = np.clip((np.arange(target) + 0.5) * count / target - 0.5, 0, count - 1)
        first = np.floor(at).astype(np.int64)
        return cls(first, np.minimum(first + 1, count - 1), (at - first).astype(np.float32))

    def part(self, rows: slice) -> _Linear:
        """Some of the wanted samples."""
        return _Linear(self.first[rows], self.second[rows], self.share[rows])


def resampled_rows(levels: Values, shape: tuple[int, ...], rows: slice) -> Values:
    """Some rows of a map (h, w, C) at the height and width of `shape`, interpolated between its pixels' centres."""
    down, across = (_Linear.between(size, target) for size, target in zip(levels.shape[:2], shape, strict=True))
    return _resampled(levels, down.part(rows), across)


def _resampled(levels: Pixels, rows: _Linear, columns: _Linear) -> Values:
    down = rows.share[:, None, None]
    tall = levels[rows.first] * (1 - down) + levels[rows.second] * down
    across = columns.share[None, :, None]
    wide: Values = tall[:, columns.first] * (1 - across) + tall[:, columns.second] * across
    return wide

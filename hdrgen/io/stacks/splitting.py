"""Several brackets among photographs that lie together, as on a memory card: by time, exposures and their number."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hdrgen.errors import InputError
from hdrgen.io.exposure import SAME_EXPOSURE, Camera
from hdrgen.io.readers import read_reduced
from hdrgen.io.stacks.views import ENOUGH, SAME_VIEW, likeness

_ALIKE = 0.2  # stops between the steps of two brackets of one pattern: shutter times are rounded
_PAUSE = 15.0  # seconds without a photograph, at least, between two bursts
_LONGER = 4  # times the pause that a quarter of all are below: so much longer is that between two bursts
_CLOCK = 2.0  # seconds by which a pause must be longer than those within brackets: most clocks show whole ones
_LEAST_SPAN = 0.9  # stops from the darkest to the brightest of a bracket on a card; automatic exposure varies less


@dataclass(frozen=True)
class Shot:
    """A photograph, as far as its header tells which others it belongs to.

    Attributes:
        path: The file.
        stops: Its exposure; None where it is unknown, or the file cannot be read.
        seconds: Its exposure time; 0 where it is unknown.
        taken: When, in seconds.
        bracketed: Whether the camera took it as one of several; None where it does not say.
        kind: What all frames of a bracket share: size, camera, and whether it is RAW.
    """

    path: Path
    stops: float | None
    seconds: float = 0.0
    taken: float | None = None
    bracketed: bool | None = None
    kind: tuple[tuple[int, ...], Camera | None, bool] = ((), None, False)


@dataclass(frozen=True)
class Split:
    """The brackets among some photographs, and those that belong to none."""

    brackets: list[list[Path]]
    single: list[Path]


def split(shots: Sequence[Shot]) -> Split:
    """Find the brackets among photographs, in the order in which they were taken, else that of their names.

    Photographs are one bracket where all exposures differ, unless they were taken in bursts of one pattern. Where
    exposures come again, a burst ends with a long pause or before the pattern begins anew; two that follow each other
    at once and show the same view are one bracket, photographed twice. A photograph that fits nowhere is single; one
    whose exposure is unknown goes with that before it, so that nothing is left out unsaid.
    """
    whole = [shot.path for shot in shots]
    known = in_order([shot for shot in shots if shot.stops is not None])
    if len(known) < 2 or 2 * len(known) <= len(shots):
        return Split([whole], [])
    groups = [group for kind in _by_kind(known) for burst in _bursts(kind) for group in _patterns(burst)]
    groups = list(_rejoined(groups))
    if len(groups) == 1:
        return Split([whole], [])
    brackets = [group for group in groups if _is_bracket(group)]
    if not brackets or (_all_differ(known) and not _alike(groups)):
        return Split([whole], [])
    return _with_unknown(shots, groups, brackets)


def in_order(shots: Sequence[Shot]) -> Sequence[Shot]:
    """By time where all have one; otherwise as they come."""
    return sorted(shots, key=lambda shot: shot.taken or 0) if all(s.taken is not None for s in shots) else shots


def _by_kind(shots: Sequence[Shot]) -> list[list[Shot]]:
    """Those of one size and camera together, and those that a camera bracketed apart from those that it did not."""
    kinds: dict[object, list[Shot]] = {}
    for shot in shots:
        kinds.setdefault((shot.kind, shot.bracketed), []).append(shot)
    return list(kinds.values())


def _bursts(shots: Sequence[Shot]) -> list[list[Shot]]:
    """Parts between which no photograph was taken for long."""
    pauses = list(map(_pause, shots[:-1], shots[1:]))
    if not pauses or any(pause is None for pause in pauses):
        return [list(shots)]
    usual = sorted(pause for pause in pauses if pause is not None)[len(pauses) // 4]
    long = max(_PAUSE, _LONGER * usual)
    return _cut(shots, [index for index, pause in enumerate(pauses, 1) if pause is not None and pause > long])


def _pause(shot: Shot, following: Shot) -> float | None:
    """Seconds from the end of one exposure to the beginning of the next."""
    if shot.taken is None or following.taken is None:
        return None
    return max(0.0, following.taken - shot.taken - shot.seconds)


def _cut(shots: Sequence[Shot], places: Sequence[int]) -> list[list[Shot]]:
    return [list(shots[start:stop]) for start, stop in itertools.pairwise([0, *places, len(shots)])]


def _patterns(burst: list[Shot]) -> list[list[Shot]]:
    """The brackets of a burst: equal parts of one pattern, else parts within which no exposure comes again."""
    if _all_differ(burst) and _usual_order(burst):
        return [burst]
    for count in range(2, len(burst) // 2 + 1):
        parts = _cut(burst, range(count, len(burst), count))
        if len(burst) % count == 0 and _alike(parts) and all(map(_all_differ, parts)):
            return parts
    if _all_differ(burst):
        return [burst]
    parts = _cut(burst, _repetitions(burst))
    return parts if all(len(part) > 1 for part in parts) else [burst]


def _repetitions(burst: Sequence[Shot]) -> list[int]:
    """Where an exposure comes again that the part so far has already."""
    places, start = [], 0
    for index in range(len(burst)):
        if not _all_differ(burst[start : index + 1]):
            places.append(index)
            start = index
    return places


def _all_differ(shots: Sequence[Shot]) -> bool:
    return all(step > SAME_EXPOSURE for step in _steps(sorted(shots, key=_stops)))


def _alike(parts: Sequence[Sequence[Shot]]) -> bool:
    """Whether all parts have as many exposures, with the same steps between them."""
    first = _steps(parts[0])
    return all(
        len(part) == len(parts[0]) and all(abs(a - b) < _ALIKE for a, b in zip(_steps(part), first, strict=True))
        for part in parts
    )


def _usual_order(burst: Sequence[Shot]) -> bool:
    """Whether every further exposure is darker or brighter than all before, as in `-2 0 2` and `0 -2 2`."""
    stops = list(map(_stops, burst))
    return all(not min(stops[:index]) < stops[index] < max(stops[:index]) for index in range(2, len(stops)))


def _steps(shots: Sequence[Shot]) -> list[float]:
    return [_stops(following) - _stops(shot) for shot, following in itertools.pairwise(shots)]


def _stops(shot: Shot) -> float:
    return shot.stops if shot.stops is not None else 0.0


def _rejoined(groups: Sequence[list[Shot]]) -> Iterator[list[Shot]]:
    """Neighbours that no pause separates and that show the same view are one bracket, photographed twice or slowly."""
    current: list[Shot] = []
    for group in groups:
        if current and _one_scene(current, group):
            current = current + group
            continue
        if current:
            yield current
        current = group
    if current:
        yield current


def _one_scene(before: Sequence[Shot], after: Sequence[Shot]) -> bool:
    if (
        len(before) < 2
        or len(after) < 2
        or (before[0].kind, before[0].bracketed) != (after[0].kind, after[0].bracketed)
    ):
        return False
    both = [*before, *after]
    one_series = _all_differ(both) and _usual_order(both)  # which a pause may interrupt
    if _paused(before, after) and not one_series:
        return False
    one, other = min(itertools.product(before, after), key=lambda pair: abs(_stops(pair[0]) - _stops(pair[1])))
    try:
        return likeness(*(read_reduced(shot.path, ENOUGH) for shot in (one, other))) > SAME_VIEW
    except InputError:  # whoever merges them says what is wrong
        return False


def _paused(before: Sequence[Shot], after: Sequence[Shot]) -> bool:
    """Whether more time passed between two groups than within either."""
    between = _pause(before[-1], after[0])
    within = [_pause(*pair) for part in (before, after) for pair in itertools.pairwise(part)]
    longest = max((pause for pause in within if pause is not None), default=0.0)
    return between is not None and between >= longest + _CLOCK


def _is_bracket(group: Sequence[Shot]) -> bool:
    stops = [_stops(shot) for shot in group]
    return len(group) > 1 and max(stops) - min(stops) > _LEAST_SPAN


def _with_unknown(shots: Sequence[Shot], groups: Sequence[list[Shot]], brackets: Sequence[list[Shot]]) -> Split:
    """The files of the brackets, each with those of unknown exposure behind its own, and the others."""
    number = {shot.path: index for index, group in enumerate(groups) for shot in group}
    found: Mapping[int, list[Path]] = {index: [] for index in range(len(groups))}
    last = 0
    for shot in shots:
        last = number.get(shot.path, last)
        found[last].append(shot.path)
    kept = [index for index, group in enumerate(groups) if group in brackets]
    single = [path for index, paths in found.items() if index not in kept for path in paths]
    return Split([found[index] for index in kept], single)

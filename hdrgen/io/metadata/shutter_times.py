"""Shutter times as cameras print them, and the times that they mean.

Shutters work in thirds or halves of a stop from 1 s, and their labels are rounded: 1/15 and 1/60 stand for 1/16 and
1/64, 30 for 32 s.
"""

import itertools
import math

_WHOLE = ("1", "2", "4", "8", "15", "30", "1/2", "1/4", "1/8", "1/15", "1/30", "1/60", "1/125", "1/250", "1/500")
_FAST = ("1/1000", "1/2000", "1/4000", "1/8000", "1/16000", "1/32000")
_BETWEEN_THIRDS = (
    *(
        "1.3",
        "1.6",
        "2.5",
        "3.2",
        "5",
        "6",
        "10",
        "13",
        "20",
        "25",
        "0.8",
        "0.6",
        "0.4",
        "0.3",
        "1/1.3",
        "1/1.6",
        "1/2.5",
    ),
    *("1/3", "1/5", "1/6", "1/10", "1/13", "1/20", "1/25", "1/40", "1/50", "1/80", "1/100", "1/160", "1/200", "1/320"),
    *("1/400", "1/640", "1/800", "1/1250", "1/1600", "1/2500", "1/3200", "1/5000", "1/6400", "1/10000", "1/12500"),
    *("1/12800", "1/20000", "1/25000", "1/25600"),
)
_BETWEEN_HALVES = (
    *("1.5", "3", "6", "10", "12", "20", "24", "0.7", "1/1.5", "0.3", "1/3", "1/6", "1/10", "1/11", "1/20", "1/22"),
    *("1/45", "1/90", "1/180", "1/350", "1/750", "1/1500", "1/3000", "1/6000", "1/12000"),
)
WHOLE = 0.012
"""Stops within which a step is a whole one."""
_AS_PRINTED = 0.003  # stops between two writings of one label: 1/30 and 0.0333
_ROUNDED = 0.25  # stops by which a label is rounded at most: 1/20 for 1/22.6


def _seconds(label: str) -> float:
    one, _, many = label.partition("/")
    return float(one) / float(many or 1)


def _meant(labels: tuple[str, ...], steps: int) -> dict[float, float]:
    """The logarithm of a printed time: that of the time of a series with so many steps to a stop."""
    logarithms = [math.log2(_seconds(label)) for label in labels]
    return {each: round(each * steps) / steps for each in logarithms}


_SERIES = (_meant((*_WHOLE, *_FAST, *_BETWEEN_THIRDS), 3), _meant((*_WHOLE, *_FAST, *_BETWEEN_HALVES), 2))


def series_of(times: list[float]) -> list[float] | None:
    """The times that printed ones stand for, in seconds; None unless one series has them all.

    Where thirds and halves do, those that a bracket makes, in even steps, are taken.

    >>> series_of([1 / 60, 1 / 15, 1 / 4])
    [0.015625, 0.0625, 0.25]
    >>> series_of([1 / 66, 1 / 15, 1 / 4]) is None
    True
    """
    found = [series for series in (_all_meant(times, known) for known in _SERIES) if series is not None]
    even = [series for series in found if _even(_steps(series))]
    chosen = next(iter(even + found), None)
    return None if chosen is None else [2.0**each for each in chosen]


def is_exact(times: list[float]) -> bool:
    """Whether times make even steps of whole thirds or halves of a stop as they are.

    >>> is_exact([1 / 400, 1 / 100, 1 / 25]), is_exact([1 / 60, 1 / 15, 1 / 4]), is_exact([1 / 15, 1 / 8])
    (True, False, False)
    """
    steps = _steps([math.log2(time) for time in times])
    return _even(steps) and all(abs(step * 6 - round(step * 6)) < 6 * WHOLE for step in steps)


def _steps(stops: list[float]) -> list[float]:
    """Between different exposures."""
    ordered = sorted(stops)
    return [after - before for before, after in itertools.pairwise(ordered) if after - before > WHOLE]


def _even(steps: list[float]) -> bool:
    return bool(steps) and max(steps) - min(steps) < WHOLE


def _all_meant(times: list[float], series: dict[float, float]) -> list[float] | None:
    meant = [_one_meant(math.log2(time), series) for time in times]
    return None if None in meant else [each for each in meant if each is not None]


def _one_meant(logarithm: float, series: dict[float, float]) -> float | None:
    """Of a label, or of the time itself that a label stands for."""
    printed = min(series, key=lambda each: abs(each - logarithm))
    if abs(printed - logarithm) < _AS_PRINTED:
        return series[printed]
    return next((each for each in series.values() if abs(each - logarithm) < _AS_PRINTED), None)


def exact_time(printed: float, apex: float) -> float:
    """The time of a photograph whose tags say it twice: as printed, and in stops (ShutterSpeedValue).

    The latter is taken where it is what a label stands for, or says more than the label does; not where it was rounded
    itself, or means something else.

    >>> exact_time(1 / 15, 1 / 16), round(exact_time(1 / 66, 1 / 64), 4)
    (0.0625, 0.0152)
    """
    logarithm, other = math.log2(printed), math.log2(apex)
    for series in _SERIES:
        label = min(series, key=lambda each: abs(each - logarithm))
        if abs(label - logarithm) < _AS_PRINTED and abs(other - logarithm) < _ROUNDED:
            exact = abs(other - series[label]) < 0.02
            if exact or abs(other - logarithm) > 0.05:
                return apex
    return printed

"""The exposure that a file's own metadata gives."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from hdrgen.io.exposure import Exposure

EV_ATTRIBUTE = "hdrgen:ev"


class Reading(NamedTuple):
    """An exposure and the tags that were there but could not be used, each in words."""

    exposure: Exposure
    unreadable: tuple[str, ...] = ()


def _same(value: float) -> float:
    return value


def _seconds_from_apex(value: float) -> float:
    """APEX time value: Tv = -log2(t)."""
    return math.pow(2, -value)


def _fnumber_from_apex(value: float) -> float:
    """APEX aperture value: Av = 2 log2(N)."""
    return math.pow(2, value / 2)


_Tag = tuple[str, Callable[[float], float]]
_TIME: tuple[_Tag, ...] = (("ExposureTime", _same), ("Exif:ShutterSpeedValue", _seconds_from_apex))
_FNUMBER: tuple[_Tag, ...] = (("FNumber", _same), ("Exif:ApertureValue", _fnumber_from_apex))
_ISO: tuple[_Tag, ...] = (
    ("isoSpeed", _same),  # the name in OpenEXR files
    ("Exif:PhotographicSensitivity", _same),
    ("Exif:ISOSpeedRatings", _same),  # the same tag's name before EXIF 2.3
)


def _number(value: object) -> float:
    """A metadata value as a number; EXIF rationals arrive in single precision, so the shortest decimal is meant."""
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    if not isinstance(first, (int, float)):
        return math.nan
    return float(f"{float(first):.7g}")


def _converted(value: object, convert: Callable[[float], float]) -> float | None:
    try:
        result = convert(_number(value))
    except OverflowError:
        return None
    return result if math.isfinite(result) and result > 0 else None


def _first(tags: tuple[_Tag, ...], metadata: Mapping[str, object]) -> tuple[float | None, list[str]]:
    """The first usable tag's value; without one, what the tags held instead."""
    present = [(name, convert) for name, convert in tags if name in metadata]
    for name, convert in present:
        value = _converted(metadata[name], convert)
        if value is not None:
            return value, []
    return None, [f"{name} is unreadable ({_shown(metadata[name])})" for name, _ in present[:1]]


def _shown(value: object) -> str:
    """A rational with a zero denominator arrives as NaN or infinity; say so in the terms of the file."""
    number = _number(value)
    if math.isnan(number):
        return "0/0 or not a number"
    return "n/0" if math.isinf(number) else f"{number:g}"


def metadata_of(spec: Any) -> dict[str, object]:
    """The exposure attributes of an OpenImageIO spec; others are not touched, their text may be in any encoding."""
    names = [EV_ATTRIBUTE, *(name for name, _ in (*_TIME, *_FNUMBER, *_ISO))]
    values = {name: spec.getattribute(name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def exposure_from(metadata: Mapping[str, object]) -> Reading:
    """The exposure among EXIF or OpenEXR attributes, as OpenImageIO names them.

    Time, f-number and ISO; where the plain tag is missing or unreadable, the APEX one (ShutterSpeedValue,
    ApertureValue). Zero, negative and 0/0 values count as missing and are listed.

    >>> exposure, unreadable = exposure_from({"Exif:ShutterSpeedValue": 8.0, "FNumber": 0.0})
    >>> exposure.time, unreadable
    (0.00390625, ('FNumber is unreadable (0)',))
    """
    time, bad_time = _first(_TIME, metadata)
    fnumber, bad_fnumber = _first(_FNUMBER, metadata)
    iso, bad_iso = _first(_ISO, metadata)
    ev = _number(metadata[EV_ATTRIBUTE]) if EV_ATTRIBUTE in metadata else None
    known_ev = ev if ev is not None and math.isfinite(ev) else None
    return Reading(Exposure(time, fnumber, iso, known_ev), (*bad_time, *bad_fnumber, *bad_iso))

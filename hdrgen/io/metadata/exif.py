"""The exposure that a file's own metadata gives."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from hdrgen.io.exposure import Camera, Exposure
from hdrgen.io.metadata.shutter_times import exact_time

EV_ATTRIBUTE = "hdrgen:ev"


MADE = "hdrgen, made of photographs"
"""The software that a file names which is no exposure of a camera, but was made of some."""
_AUTO_BRACKET = 2
"""EXIF's exposure mode of a photograph that the camera took as one of several."""


class Reading(NamedTuple):
    """What a file's own metadata says.

    Attributes:
        exposure: Time, f-number, ISO, EV.
        unreadable: The tags that were there but could not be used, each in words.
        camera: What took the photograph.
        bias: Stops from what the camera metered (ExposureBiasValue): they tell a bracket apart where nothing else does.
        taken: When, in seconds since 1970 by the camera's clock.
        bracketed: Whether the camera says that it took it as one of several exposures; None where it says nothing.
        made: Whether hdrgen made the picture of photographs, so that it is no exposure itself.
        focal_length: Of the lens, millimetres; None where nothing says it, as of lenses without contacts.
        lens: Its model.
    """

    exposure: Exposure
    unreadable: tuple[str, ...] = ()
    camera: Camera | None = None
    bias: float | None = None
    taken: float | None = None
    bracketed: bool | None = None
    made: bool = False
    focal_length: float | None = None
    lens: str = ""


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
_HIGH_ISO: tuple[_Tag, ...] = (
    ("Exif:ISOSpeed", _same),
    ("Exif:RecommendedExposureIndex", _same),
    ("Exif:StandardOutputSensitivity", _same),
)
_BIAS = "Exif:ExposureBiasValue"
_FULL = 65535
"""An ISO that stands for all that its 16 bits cannot hold; the true one has a tag of its own (EXIF 2.3)."""
_CAMERA = ("Make", "Model")
_TAKEN = (("Exif:DateTimeOriginal", "Exif:SubsecTimeOriginal"), ("DateTime", "Exif:SubsecTime"))
"""When the photograph was taken, else when the file was made, each with its fraction of a second."""
_MODE, _SOFTWARE = "Exif:ExposureMode", "Software"
_FOCAL, _LENS = "Exif:FocalLength", "Exif:LensModel"


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
    """The exposure, camera and lens attributes of an OpenImageIO spec; others are not touched."""
    exposure = [EV_ATTRIBUTE, _BIAS, *(name for name, _ in (*_TIME, *_FNUMBER, *_ISO, *_HIGH_ISO))]
    names = [*exposure, *_CAMERA, *(name for pair in _TAKEN for name in pair), _MODE, _SOFTWARE, _FOCAL, _LENS]
    values = {name: _attribute(spec, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _attribute(spec: Any, name: str) -> object:
    """Text may be in any encoding, and OpenImageIO's Python module insists on UTF-8."""
    try:
        return spec.getattribute(name)
    except UnicodeDecodeError:
        return None


def _text(value: object) -> str:
    """Up to a zero byte within, and with `?` for what is no text in UTF-8: others must be able to write it."""
    return str(value).strip(" \0").partition("\0")[0].encode(errors="replace").decode()


def _camera_from(metadata: Mapping[str, object]) -> Camera | None:
    make, model = (_text(metadata.get(name, "")) for name in _CAMERA)
    return Camera(make, model) if make or model else None


def _taken(metadata: Mapping[str, object]) -> float | None:
    """Seconds since 1970, as if the camera's clock, of which no zone is known, were in Greenwich.

    >>> later, earlier = ({"DateTime": "2026:11:30 12:00:01", "Exif:SubsecTime": part} for part in ("5", "25"))
    >>> _taken(later) - _taken(earlier)
    0.25
    """
    for name, part in _TAKEN:
        fraction = _text(metadata.get(part, ""))
        try:
            clock = datetime.strptime(_text(metadata.get(name, ""))[:19], "%Y:%m:%d %H:%M:%S")
        except ValueError:  # empty, or zeros where the clock was never set
            continue
        return clock.replace(tzinfo=UTC).timestamp() + (
            float(f"0.{fraction}") if fraction.isdecimal() and fraction.isascii() else 0.0
        )
    return None


def _bracketed(metadata: Mapping[str, object]) -> bool | None:
    mode = _number(metadata.get(_MODE))
    return None if math.isnan(mode) else mode == _AUTO_BRACKET


def exposure_from(metadata: Mapping[str, object]) -> Reading:
    """The exposure among EXIF or OpenEXR attributes, as OpenImageIO names them.

    Time, f-number and ISO; where the plain tag is missing or unreadable, the APEX one (ShutterSpeedValue,
    ApertureValue), and the sensitivity by which EXIF 2.3 has it besides (ISOSpeed, RecommendedExposureIndex,
    StandardOutputSensitivity). A time as cameras print it, 1/15, is 1/16 where ShutterSpeedValue says so. Zero,
    negative and 0/0 values count as missing and are listed.

    >>> reading = exposure_from({"Exif:ShutterSpeedValue": 8.0, "FNumber": 0.0})
    >>> reading.exposure.time, reading.unreadable
    (0.00390625, ('FNumber is unreadable (0)',))
    """
    time, bad_time = _first(_TIME, metadata)
    apex, _ = _first(_TIME[1:], metadata)
    if time is not None and apex is not None:
        time = exact_time(time, apex)
    fnumber, bad_fnumber = _first(_FNUMBER, metadata)
    full = any(_number(metadata.get(name)) == _FULL for name, _ in _ISO)
    iso, bad_iso = _first((*_HIGH_ISO, *_ISO) if full else (*_ISO, *_HIGH_ISO), metadata)
    ev = _number(metadata[EV_ATTRIBUTE]) if EV_ATTRIBUTE in metadata else None
    known_ev = ev if ev is not None and math.isfinite(ev) else None
    bias = _number(metadata.get(_BIAS))
    exposure = Exposure(time, fnumber, iso, known_ev)
    return Reading(
        exposure,
        (*bad_time, *bad_fnumber, *bad_iso),
        _camera_from(metadata),
        bias=bias if math.isfinite(bias) else None,
        taken=_taken(metadata),
        bracketed=_bracketed(metadata),
        made=_text(metadata.get(_SOFTWARE, "")) == MADE,
        focal_length=_converted(metadata.get(_FOCAL), _same),
        lens=_text(metadata.get(_LENS, "")),
    )

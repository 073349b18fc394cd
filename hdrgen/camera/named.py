"""Camera responses as a user names them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hdrgen.camera import SRGB, CameraResponse, Gamma, load_curves, load_response
from hdrgen.errors import InputError

NAMES = "linear, srgb, gamma:2.2, FILE or FILE:CURVE"
_FIXED: dict[str, Callable[[], CameraResponse]] = {"linear": lambda: Gamma(1.0), "srgb": SRGB, "gamma": Gamma}


def response_named(text: str) -> CameraResponse:
    """The response that a user means: `linear`, `srgb`, `gamma:2.2`, a file, or a curve of a file of many.

    Raises:
        InputError: none of these.
    """
    if text.lower() in _FIXED:
        return _FIXED[text.lower()]()
    if text.lower().startswith("gamma:"):
        return Gamma(_positive(text))
    if Path(text).is_file():
        return load_response(text)
    file, _, name = text.rpartition(":")
    if file and Path(file).is_file():
        return _curve_of(Path(file), name)
    raise InputError(f"expected a response ({NAMES}), found {text!r}; no such file")


def _positive(text: str) -> float:
    try:
        return float(text.partition(":")[2])
    except ValueError as error:
        raise InputError(f"expected a response ({NAMES}), found {text!r}") from error


def _curve_of(file: Path, name: str) -> CameraResponse:
    curves = {curve.name: curve for curve in load_curves(file)}
    if name not in curves:
        from hdrgen.errors import suggest

        raise InputError(f"{file}: no curve {name!r} among {len(curves)}{suggest(name, curves)}")
    return curves[name]

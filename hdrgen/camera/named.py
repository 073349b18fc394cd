"""Camera responses by name, for callers that have a text: a configuration, a command line, an argument of Python."""

from collections.abc import Callable
from pathlib import Path

from hdrgen.camera.curve_files import load_curves, load_response
from hdrgen.camera.response import SRGB, CameraResponse, Gamma
from hdrgen.errors import InputError, suggest

NAMES = "linear, srgb, gamma:2.2, a file, or FILE:CURVE"
_FIXED: dict[str, Callable[[], CameraResponse]] = {"linear": lambda: Gamma(1.0), "srgb": SRGB, "gamma": Gamma}


def response_named(name: str) -> CameraResponse:
    """The response of a name.

    Args:
        name: `linear`, `srgb`, `gamma` (2.2), `gamma:EXPONENT`, a file that `save_response` wrote, or `FILE:CURVE` for
            one curve of a file of many.

    Raises:
        InputError: None of these.

    >>> response_named("gamma:2").name
    'gamma 2'
    """
    if name.lower() in _FIXED:
        return _FIXED[name.lower()]()
    if name.lower().startswith("gamma:"):
        try:
            return Gamma(float(name.partition(":")[2]))
        except ValueError as error:
            raise InputError(f"expected a response ({NAMES}), found {name!r}", "response") from error
    if Path(name).is_file():
        return load_response(name)
    file, _, curve = name.rpartition(":")
    if file and Path(file).is_file():
        return _curve_of(Path(file), curve)
    raise InputError(f"expected a response ({NAMES}), found {name!r}; no such file", "response")


def _curve_of(file: Path, name: str) -> CameraResponse:
    curves = {curve.name: curve for curve in load_curves(file)}
    if name not in curves:
        raise InputError(f"{file}: no curve {name!r} among {len(curves)}{suggest(name, curves)}", "response")
    return curves[name]

"""Camera responses by name, for callers that have a text: a configuration, a command line, an argument of Python."""

import os
from collections.abc import Callable
from pathlib import Path

from hdrgen.camera.curve_files import load_curves, load_response
from hdrgen.camera.response import SRGB, CameraResponse, Gamma
from hdrgen.errors import InputError, suggest

SHORT = 30  # characters of what is shown as it is, and not by its kind
NAMES = "linear, srgb, gamma:2.2, a file, or FILE:CURVE"
_FIXED: dict[str, Callable[[], CameraResponse]] = {"linear": lambda: Gamma(1.0), "srgb": SRGB, "gamma": Gamma}


def checked_response(response: object) -> str | CameraResponse:
    """A response as it may be given: a name for `response_named`, a file, or the curve itself.

    Raises:
        InputError: Anything else, such as a function.
    """
    if isinstance(response, os.PathLike):
        return str(response)
    if isinstance(response, str | CameraResponse):
        return response
    shown = repr(response)
    found = shown if len(shown) < SHORT else type(response).__name__
    raise InputError(
        f"expected a response ({NAMES}, or a CameraResponse such as hdrgen.camera.Gamma(2.2)), found {found};"
        " pass response='srgb', for example",
        "response",
    )


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
    folder = next((part for part in (name, file) if part and Path(part).is_dir()), None)
    found = f"the folder {folder!r}; name a file in it that holds a curve" if folder else f"{name!r}; no such file"
    raise InputError(f"expected a response ({NAMES}), found {found}", "response")


def _curve_of(file: Path, name: str) -> CameraResponse:
    curves = {curve.name: curve for curve in load_curves(file)}
    if name not in curves:
        raise InputError(f"{file}: no curve {name!r} among {len(curves)}{suggest(name, curves)}", "response")
    return curves[name]

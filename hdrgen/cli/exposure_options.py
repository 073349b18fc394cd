"""Exposures on the command line: --ev, --times, --ev-step, and the brackets that files and folders make with them."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.errors import InputError

if TYPE_CHECKING:  # the functions import what they need: help texts do without
    from hdrgen.bracket import Bracket
    from hdrgen.io import Exposure, Frame, RawDevelopment, Scene

LIST_OPTIONS = ("--ev", "--times", "--ev-step")
DEMOSAIC = ("ahd", "linear", "vng", "ppg", "dcb", "dht", "aahd")  # as `hdrgen.io.DEMOSAIC`
MOST_STOPS = 60  # as `hdrgen.io.MOST_STOPS`
MOST_EXPOSURES = 100  # of a range: more is a slip of the step, and a day of computing


def add_bracket_arguments(parser: argparse.ArgumentParser) -> None:
    """The photographs, and their exposures."""
    parser.add_argument(
        "files", nargs="+", metavar="FILES", help="photographs of a scene, a folder with them, or folders of scenes"
    )
    parser.add_argument(
        "--group",
        default="auto",
        metavar="N",
        help="photographs of each scene, where a folder holds several; one: all are one scene (default: found by time,"
        " exposures and their number)",
    )
    group = parser.add_argument_group("exposures, where the files carry none (in the order of the files)")
    group.add_argument("--times", metavar="S,S,..", help="exposure times in seconds, such as 1/250,1/60,1/15")
    group.add_argument("--ev", metavar="EV,EV,..", help="exposures in stops, such as -2,0,2")
    group.add_argument("--ev-step", metavar="EV", help="stops from one file to the next; negative: from bright to dark")


def add_white_argument(parser: argparse.ArgumentParser) -> None:
    """Where the photographs clip."""
    parser.add_argument(
        "--white",
        metavar="CODE",
        help="at which the photographs clip, or R,G,B: a code of the files and no share, 250 of 8 bits, 16383 of 16,"
        " the sensor's of RAW; of floats their value (default: what they show)",
    )


def add_raw_arguments(parser: argparse.ArgumentParser) -> None:
    """How camera RAW is developed."""
    group = parser.add_argument_group("camera RAW, all frames of a scene alike")
    group.add_argument(
        "--white-balance",
        metavar="WB",
        default="camera",
        help="camera (the middle exposure's), daylight, or multipliers R,G,B (default: %(default)s)",
    )
    group.add_argument("--demosaic", choices=DEMOSAIC, default="ahd", help="LibRaw's ways (default: %(default)s)")
    group.add_argument(
        "--highlights",
        choices=("clip", "unclip", "blend", "rebuild"),
        default="clip",
        help="what the sensor clips in the shortest exposure (default: %(default)s)",
    )
    group.add_argument(
        "--hot-pixels",
        choices=("remove", "keep"),
        default="remove",
        help="that an exposure shows and a shorter one proves to be none of the scene (default: %(default)s)",
    )
    group.add_argument(
        "--half-size", action="store_true", help="a pixel for each 2 x 2 of the sensor: fast, no colours made up"
    )


def white_of(options: argparse.Namespace) -> float | tuple[float, ...] | None:
    """What --white says.

    Raises:
        InputError: Neither one number nor three.
    """
    if options.white is None:
        return None
    codes = _three(options.white, "--white")
    return codes if len(codes) == 3 else codes[0]


def development_of(options: argparse.Namespace) -> RawDevelopment:
    """What the options of camera RAW say.

    Raises:
        InputError: A white balance that is none.
    """
    from hdrgen.io import BALANCES, RawDevelopment

    balance = options.white_balance
    return RawDevelopment(
        white_balance=balance if balance in BALANCES or "," not in balance else _three(balance, "--white-balance"),
        demosaic=options.demosaic,
        highlights=options.highlights,
        half_size=options.half_size,
        hot_pixels=options.hot_pixels,
    )


def _three(text: str, option: str) -> tuple[float, ...]:
    values = tuple(_number(part, option) for part in str(text).split(","))
    if len(values) not in (1, 3):
        raise InputError(f"{option}: expected one number, or three for red, green and blue, found {text!r}")
    return values


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments, `--ev -2,0,2` as one, since argparse would take a list that begins with a minus for an option.

    >>> joined(["a.jpg", "--ev", "-2,0,2", "-o", "x.exr"])
    ['a.jpg', '--ev=-2,0,2', '-o', 'x.exr']
    >>> joined(["--exposure", "-2", "a.exr"])
    ['--exposure', '-2', 'a.exr']
    """
    result: list[str] = []
    for argument in arguments:
        if result and result[-1] in LIST_OPTIONS and re.match(r"-[\d.]", argument):
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result


def exposure_values(text: str) -> list[float]:
    """The exposures of a list `-2,0,2` or a range `-3:3:0.5`, whose end is included; ascending.

    >>> exposure_values("-1:1:0.5")
    [-1.0, -0.5, 0.0, 0.5, 1.0]

    Raises:
        InputError: No numbers, or none of an exposure; a range that leads nowhere, or more than 100.
    """
    try:
        parts = [float(part) for part in text.replace(":", ",").split(",")]
    except ValueError as error:
        raise InputError(f"--ev: expected -2,0,2 or -3:3:0.5, found {text!r}") from error
    if not all(math.isfinite(part) and abs(part) <= MOST_STOPS for part in parts):
        raise InputError(f"--ev: expected stops from -{MOST_STOPS} to {MOST_STOPS}, found {text!r}")
    if ":" in text:
        parts = _range(parts, text)
    if len(parts) > MOST_EXPOSURES or len(set(parts)) < len(parts):
        raise InputError(f"--ev: expected at most {MOST_EXPOSURES} different exposures, found {text!r}")
    return sorted(parts)


def _range(parts: list[float], text: str) -> list[float]:
    first, last, step = (*parts, 1.0) if len(parts) == 2 else parts if len(parts) == 3 else (0.0, 0.0, 0.0)
    if step <= 0 or last < first or "," in text or (last - first) / step > MOST_EXPOSURES:
        raise InputError(f"--ev: expected FIRST:LAST:STEP such as -3:3:0.5, found {text!r}")
    # The end belongs to it, although thirds of a stop do not add up to it exactly
    count = math.floor((last - first) / step + 1e-6) + 1
    return [first + index * step for index in range(count)]


def bracket_scenes(options: argparse.Namespace) -> list[Scene]:
    """The scenes that the arguments name; of several in one folder, told how they were found.

    Raises:
        InputError: See `hdrgen.io.grouped`; exposures given in two ways.
    """
    from hdrgen.io import grouped

    given = _given(options)
    found = grouped(options.files, _count(options.group) if options.group != "auto" else 0 if given else None)
    scenes = found if given is None else [part for scene in found for part in _by_folders(scene, given, options)]
    for folder in dict.fromkeys(scene.folder for scene in scenes):
        here = [scene for scene in scenes if scene.folder == folder]
        if len(here) > 1:
            parts = ", ".join(f"{scene.name} ({len(scene.files or ())})" for scene in here)
            print(f"{folder}: {len(here)} scenes by time, exposures and their number: {parts}", flush=True)
    return scenes


def bracket_of(options: argparse.Namespace, scene: Scene) -> Bracket:
    """The bracket of one scene.

    Raises:
        InputError: See `hdrgen.io.read_stack`; exposures that are no numbers, or too few or many.
    """
    from hdrgen.bracket import Bracket
    from hdrgen.io import find_images, read_stack

    given = _given(options)
    if given is None:
        frames = _measured(scene.folder if scene.files is None else list(scene.files))
        return Bracket(scene.name, frames, "measured exposure")
    typed = [path for source in options.files if not Path(source).is_dir() for path in find_images([source])]
    files = scene.photographs
    if set(files) <= set(typed):
        files.sort(key=typed.index)
    exposures = _exposures(given, getattr(options, given), files)
    frames = read_stack(files, dict(zip(files, exposures, strict=True)), bracket=True)
    return Bracket(scene.name, frames, _option(given))


def _given(options: argparse.Namespace) -> str | None:
    """The option that gives exposures.

    Raises:
        InputError: Several do.
    """
    given = [name for name in ("times", "ev", "ev_step") if getattr(options, name) is not None]
    if len(given) > 1:
        names = " and ".join(map(_option, given))
        raise InputError(f"expected exposures in one way, found {names}; keep one of them")
    return given[0] if given else None


def _count(text: str) -> int:
    """How many photographs are one scene; 0: all."""
    if text == "one":
        return 0
    if not text.isdecimal() or int(text) < 2:
        raise InputError(f"--group: expected auto, one, or the photographs of each scene, 2 or more, found {text!r}")
    return int(text)


def _by_folders(scene: Scene, given: str, options: argparse.Namespace) -> list[Scene]:
    """Files of several folders are as many scenes where each folder has as many as exposures were given."""
    files = scene.files or ()
    folders = list(dict.fromkeys(path.parent for path in files))
    count = len(getattr(options, given).split(","))
    parts = [tuple(path for path in files if path.parent == folder) for folder in folders]
    if given == "ev_step" or len(parts) < 2 or len(files) == count or any(len(part) != count for part in parts):
        return [scene]
    return [replace(scene, name=part[0].parent.name or "stack", folder=part[0].parent, files=part) for part in parts]


def _measured(source: Path | list[Path]) -> list[Frame]:
    from hdrgen.io import UnknownExposureError, read_stack

    try:
        return read_stack(source, bracket=True)
    except UnknownExposureError as error:
        raise InputError(f"{error}, or pass --times, --ev or --ev-step") from error


def _exposures(kind: str, text: str, files: Sequence[Path]) -> list[Exposure]:
    """An exposure for each file, of what one of the options says."""
    from hdrgen.io import Exposure

    values = [_number(part, _option(kind)) for part in text.split(",")]
    if kind == "ev_step":
        if len(values) != 1 or values[0] == 0:
            raise InputError(f"--ev-step: expected one number that is not 0, found {text!r}; pass for example 2")
        return [Exposure(ev=index * values[0]) for index in range(len(files))]
    if len(values) != len(files):
        names = ", ".join(path.name for path in files)
        raise InputError(
            f"{_option(kind)}: expected {len(files)} values ({names}), found {len(values)}; pass one for each"
        )
    if kind == "times" and min(values) <= 0:
        raise InputError(f"--times: expected seconds above 0, found {text!r}")
    return [Exposure(time=value) if kind == "times" else Exposure(ev=value) for value in values]


def _number(text: str, option: str) -> float:
    from fractions import Fraction  # takes longer to import than a help text to print

    try:
        return float(Fraction(text.strip().removesuffix("s")))
    except (ArithmeticError, ValueError) as error:  # such as 1/0, or more than a float can hold
        raise InputError(f"{option}: expected numbers separated by commas, found {text!r}") from error


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"

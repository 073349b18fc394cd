"""What the verbs that take exposure stacks have in common: files and folders, and exposures that the files lack."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.errors import InputError

if TYPE_CHECKING:  # the functions import what they need: help texts do without
    from hdrgen.io import Exposure, Frame

LISTS = ("--ev", "--times", "--ev-step")


@dataclass(frozen=True)
class Stack:
    """Exposures of one scene, dark to bright.

    Attributes:
        name: of the folder that they lie in.
        frames: the photographs.
        order: how their exposures are known, in words.
    """

    name: str
    frames: list[Frame]
    order: str

    @property
    def middle(self) -> int:
        """The frame whose exposure is EV 0: the middle one, the darker of the two where their number is even."""
        return (len(self.frames) - 1) // 2

    @property
    def ev(self) -> list[float]:
        """Stops relative to the middle frame."""
        stops = [frame.exposure.stops or 0.0 for frame in self.frames]
        return [value - stops[self.middle] for value in stops]


def add_stack_arguments(parser: argparse.ArgumentParser) -> None:
    """The photographs, and their exposures."""
    parser.add_argument(
        "files", nargs="+", metavar="FILES", help="photographs of a scene, a folder with them, or folders of scenes"
    )
    group = parser.add_argument_group("exposures, where the files carry none (in the order of the files)")
    group.add_argument("--times", metavar="S,S,..", help="exposure times in seconds, such as 1/250,1/60,1/15")
    group.add_argument("--ev", metavar="EV,EV,..", help="exposures in stops, such as -2,0,2")
    group.add_argument("--ev-step", metavar="EV", help="stops from one file to the next; negative: from bright to dark")


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments, `--ev -2,0,2` as one, since argparse would take a list that begins with a minus for an option.

    >>> joined(["a.jpg", "--ev", "-2,0,2", "-o", "x.exr"])
    ['a.jpg', '--ev=-2,0,2', '-o', 'x.exr']
    """
    result: list[str] = []
    for argument in arguments:
        if result and result[-1] in LISTS and re.match(r"-[\d.]", argument):
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result


def stacks_of(options: argparse.Namespace) -> list[Stack]:
    """The exposure stacks that the arguments name.

    Raises:
        InputError: see `hdrgen.io.read_stack`; exposures that are no numbers, or too few or many.
    """
    from hdrgen.io import read_stack
    from hdrgen.io.stacks.scenes import grouped

    given = [name for name in ("times", "ev", "ev_step") if getattr(options, name) is not None]
    if len(given) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise InputError(f"expected exposures in one way, found {names}; keep one of them")
    typed = [path for source in options.files for path in _typed(source)]
    found = []
    for folder, members in grouped(options.files).items():
        name = folder.name if folder.name not in ("", "..") else folder.resolve().name
        if not given:
            found.append(Stack(name or "stack", _measured(folder if members is None else members), "measured exposure"))
            continue
        files = sorted(_photographs(folder) if members is None else members, key=typed.index)
        exposures = _exposures(given[0], getattr(options, given[0]), files)
        frames = read_stack(files, dict(zip(files, exposures, strict=True)))
        found.append(Stack(name or "stack", frames, f"--{given[0].replace('_', '-')}"))
    return found


def _measured(source: Path | list[Path]) -> list[Frame]:
    from hdrgen.io import read_stack
    from hdrgen.io.stacks.stack import UnknownExposureError

    try:
        return read_stack(source)
    except UnknownExposureError as error:
        raise InputError(f"{error}, or pass --times, --ev or --ev-step") from error


def _typed(source: str) -> list[Path]:
    from hdrgen.io import find_images
    from hdrgen.io.stacks.finding import images_in
    from hdrgen.io.stacks.scenes import grouped

    path = Path(source).expanduser()
    if path.is_dir():
        return [image for folder in grouped([path]) for image in images_in(folder)]
    return find_images([source])


def _photographs(folder: Path) -> list[Path]:
    from hdrgen.io.formats import is_result
    from hdrgen.io.stacks.finding import images_in

    return [path for path in images_in(folder) if not is_result(path)]


def _exposures(kind: str, text: str, files: Sequence[Path]) -> list[Exposure]:
    from hdrgen.io import Exposure

    option = f"--{kind.replace('_', '-')}"
    values = [_number(part, option) for part in text.split(",")]
    if kind == "ev_step":
        if len(values) != 1 or values[0] == 0:
            raise InputError(f"{option}: expected one number that is not 0, found {text!r}; pass for example 2")
        return [Exposure(ev=index * values[0]) for index in range(len(files))]
    if len(values) != len(files):
        names = ", ".join(path.name for path in files)
        raise InputError(f"{option}: expected {len(files)} values ({names}), found {len(values)}; pass one for each")
    if kind == "times" and min(values) <= 0:
        raise InputError(f"{option}: expected seconds above 0, found {text!r}")
    return [Exposure(time=value) if kind == "times" else Exposure(ev=value) for value in values]


def _number(text: str, option: str) -> float:
    from fractions import Fraction  # takes longer to import than a help text to print

    try:
        return float(Fraction(text.strip().removesuffix("s")))
    except (ArithmeticError, ValueError) as error:  # such as 1/0, or more than a float can hold
        raise InputError(f"{option}: expected numbers parted by commas, found {text!r}") from error

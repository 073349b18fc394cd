"""What callers get who name no argument: a changed default is another result for all of them, and is changed here too.

The papers' values, where there are any: Debevec's 256 levels; DrTMO's nine half stops; HDR-VDP's observer (release
2.2.1); the window and exponents of SSIM and MS-SSIM; mu = 5000 (Kalantari and Ramamoorthi 2017); the masks' 0.95
(Le et al. 2023). The other numbers are this package's own, which its documentation and results rest on.
"""

import importlib
import inspect
from enum import Enum
from pathlib import Path

import pytest

LIST = Path(__file__).with_name("defaults.txt")
ROOMS = ("camera", "fusion", "metrics", "nn", "tiling", "weights", "io", "data")


def defaults(room: str) -> dict[str, str]:
    """A line for each public class and function of a room that has any."""
    module = importlib.import_module(f"hdrgen.{room}")
    lines = {}
    for name in module.__all__:
        value = getattr(module, name)
        if not inspect.isfunction(value) and (not inspect.isclass(value) or issubclass(value, Enum)):
            continue
        if not str(value.__module__).startswith(f"hdrgen.{room}."):
            continue  # of another room
        parameters = [p for p in signature_of(value) if p.default is not p.empty]
        if parameters:
            lines[f"{room}.{name}"] = " ".join(f"{p.name}={spelled(p.default)}" for p in parameters)
    return lines


def signature_of(value: object) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(value).parameters.values())  # type: ignore[arg-type]
    except ValueError:  # what is written in C has none
        return []


def spelled(default: object) -> str:
    """Functions by name; all else as Python writes it, without spaces, which part the arguments."""
    named = inspect.isfunction(default) or inspect.isclass(default)
    return (getattr(default, "__name__", "") if named else repr(default)).replace(" ", "")


@pytest.mark.parametrize("room", ROOMS)
def test_public_defaults_are_those_of_the_list(room):
    listed = dict(line.split(" ", 1) for line in LIST.read_text().splitlines())
    expected = {name: line for name, line in listed.items() if name.startswith(f"{room}.")}
    assert defaults(room) == expected

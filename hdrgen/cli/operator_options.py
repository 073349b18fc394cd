"""Tone mapping operators as a user names them, with their parameters as options."""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from typing import TYPE_CHECKING, Any

from hdrgen.cli.parser import Parser
from hdrgen.errors import InputError, suggest

if TYPE_CHECKING:
    from hdrgen.tonemap import Operator

OPERATORS = {
    "reinhard2002": "Reinhard2002",
    "reinhard2005": "Reinhard2005",
    "drago2003": "Drago2003",
    "kim_kautz2008": "KimKautz2008",
    "layer_decomposition": "LayerDecomposition",
    "exposure_fusion": "ExposureFusion",
    "mu_law": "MuLaw",
}
"""Name on the command line and class of every operator; help does not wait for the classes, which import torch."""


def known(name: str) -> str:
    """The name itself.

    Raises:
        InputError: no operator is called so.
    """
    if name not in OPERATORS:
        raise InputError(f"no operator {name!r}{suggest(name, OPERATORS)} (operators: {', '.join(OPERATORS)})")
    return name


def parse(parser: Parser, name: str, arguments: Sequence[str]) -> "tuple[argparse.Namespace, Operator]":
    """The options of a parser, and the operator with the parameters that were typed.

    Raises:
        InputError: a parameter that the operator does not have, with those that it has, or out of its range.
    """
    operator = _class_of(name)
    group = parser.add_argument_group(f"parameters of {name}")
    for parameter in _parameters(name):
        _add(group, parameter)
    options, unknown = parser.parse_known_args(_joined(arguments))
    if unknown:
        raise InputError(_refusal(parser, name, unknown[0]))
    return options, operator(**{each.name: getattr(options, each.name) for each in _parameters(name)})


def operator_named(name: str, parameters: Mapping[str, object]) -> "Operator":
    """An operator with some of its parameters.

    Raises:
        InputError: no such operator, or a parameter that it does not have.
    """
    operator = _class_of(known(name))
    has = [each.name for each in fields(operator)]  # type: ignore[arg-type]  # all are dataclasses
    for parameter in parameters:
        if parameter not in has:
            raise InputError(f"{name} has no {parameter!r}{suggest(parameter, has)}; it has {', '.join(has)}")
    return operator(**parameters)


def described(name: str) -> str:
    """What is to be known of an operator, in three lines."""
    operator = _class_of(name)
    scale = "adapts to each image" if operator.adapts else "radiance 1 is white at EV 0"
    about = f"encoding: {operator.encoding}; {scale}; for a brighter picture {operator.brighter}"
    return f"{name}\n    {_spelt(name)}\n    {about}"


def absolute() -> list[str]:
    """The operators to which the scale of the radiance matters."""
    return [name for name in OPERATORS if not _class_of(name).adapts]


def _class_of(name: str) -> "type[Operator]":
    from hdrgen import tonemap

    found: type[Operator] = getattr(tonemap, OPERATORS[name])
    return found


def _parameters(name: str) -> "list[Field[Any]]":
    """Those that one can type: numbers, switches and lists of numbers."""
    return [each for each in fields(_class_of(name)) if _reader(each)]  # type: ignore[arg-type]  # all are dataclasses


def _reader(parameter: "Field[Any]") -> Callable[[str], object] | None:
    """What makes the parameter of a text; None for a part that is an object itself."""
    readers: dict[Any, Callable[[str], object]] = {
        float: float,
        bool: bool,
        float | None: _number_or_none,
        Sequence[float]: _numbers,
    }
    return readers.get(parameter.type)


def _number_or_none(text: str) -> float | None:
    return None if text.lower() == "none" else float(text)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _add(group: Any, parameter: "Field[Any]") -> None:
    option, _, default = _spelt_parameter(parameter).partition(" ")
    settings: dict[str, Any] = {"dest": parameter.name, "default": parameter.default}
    if parameter.type is bool:
        group.add_argument(option, action=argparse.BooleanOptionalAction, help="(%(default)s)", **settings)
        return
    read = _reader(parameter)
    forms: dict[Any, str] = {_number_or_none: "a number, or none: from the image ", _numbers: "parted by commas "}
    form = forms.get(read, "")
    group.add_argument(option, type=read, metavar="X", help=f"{form}({default})", **settings)


def _joined(arguments: Sequence[str]) -> list[str]:
    """The arguments, `--ev -2,0,2` as one, since argparse takes a list that begins with a minus for an option.

    >>> _joined(["--ev", "-2,0,2", "--exposure", "-2", "a.exr"])
    ['--ev=-2,0,2', '--exposure', '-2', 'a.exr']
    """
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--ev" and re.match(r"-[\d.]", argument):
            joined[-1] += f"={argument}"
        else:
            joined.append(argument)
    return joined


def _refusal(parser: Parser, name: str, unknown: str) -> str:
    """What to say to a parameter that the operator does not have, or to an option that nobody has."""
    option = unknown.partition("=")[0]
    if not option.startswith("--"):
        return f"unexpected {unknown!r}; see {parser.prog} --help"
    others = [each for each in OPERATORS if option in _spelt(each).split()]
    hint = f" ({', '.join(others)} {'has' if len(others) == 1 else 'have'})" if others else ""
    encoded = f"; its result is encoded: {_class_of(name).encoding}" if option == "--gamma" else ""
    return f"{name} has no {option}{hint}{encoded}; it has {_spelt(name)}; other options: {parser.prog} --help"


def _spelt(name: str) -> str:
    """The parameters of an operator with their defaults, as one would type them."""
    return " ".join(_spelt_parameter(parameter) for parameter in _parameters(name))


def _spelt_parameter(parameter: "Field[Any]") -> str:
    option, default = "--" + parameter.name.replace("_", "-"), parameter.default
    if parameter.type is bool:
        return option
    if isinstance(default, tuple):
        return f"{option} {','.join(f'{value:g}' for value in default)}"
    return f"{option} {'none' if default is None else f'{default:g}'}"

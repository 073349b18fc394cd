"""The parameters of a tone mapping operator as options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from hdrgen.cli.arguments import options_in
from hdrgen.cli.exposure_options import joined
from hdrgen.cli.parser import CommandParser
from hdrgen.errors import InputError, suggest

if TYPE_CHECKING:  # help does not wait for the operators, which import torch
    from hdrgen.tonemap import Operator


class OperatorOptions:
    """The options of a verb together with the parameters of one operator.

    Args:
        parser: The verb's own options.
        name: The operator.
        usual: Defaults of parameters in place of the operator's.
        yielding: Options of the verb that give way to parameters of that name, since they have another name as well.

    Raises:
        InputError: There is no operator of that name.
    """

    def __init__(
        self, parser: CommandParser, name: str, usual: Mapping[str, Any] | None = None, yielding: Sequence[str] = ()
    ) -> None:
        from hdrgen.tonemap import operator_class

        self.parser = parser
        self.name = name
        self.operator = operator_class(name)
        taken = [option for option in options_in(parser.format_help()) if option not in yielding]
        parameters = [
            each._replace(default=(usual or {}).get(each.name, each.default)) for each in _parameters(self.operator)
        ]
        self.options = {_option(each.name, taken): each for each in parameters}

    def parse(self, arguments: Sequence[str]) -> tuple[argparse.Namespace, Operator]:
        """The verb's options, and the operator with the parameters that were typed.

        Raises:
            InputError: A parameter that the operator does not have, with those that it has, or out of its range.
        """
        self.parser.conflict_handler = "resolve"  # which takes a name from the options that yield it
        group = self.parser.add_argument_group(f"parameters of {self.name}")
        for option, parameter in self.options.items():
            _add(group, option, parameter)
        options, unknown = self.parser.parse_known_args(joined(arguments))
        if unknown:
            raise InputError(self._refusal(unknown[0]))
        typed = vars(options)
        return options, self.operator(**{each.name: typed[_destination(each)] for each in self.options.values()})

    def described(self) -> str:
        """The operator in three lines: name, parameters, and what its pictures are like."""
        scale = "adapts to each image" if self.operator.adapts else "radiance 1 is white at EV 0"
        about = f"encoding: {self.operator.encoding}; {scale}; for a brighter picture {self.brighter}"
        return f"{self.name}\n    {self.spelled}\n    {about}"

    @property
    def spelled(self) -> str:
        """The parameters with their defaults, as one would type them."""
        return " ".join(f"{option}{_default(parameter)}" for option, parameter in self.options.items())

    @property
    def brighter(self) -> str:
        """What to change for a brighter picture, with parameters as options."""
        named = {parameter.name: option for option, parameter in self.options.items()}
        return re.sub(r"(?<![\w-])\w+", lambda word: named.get(word[0], word[0]), self.operator.brighter)

    def _refusal(self, unknown: str) -> str:
        """The error for a parameter of other operators, or for an option that does not exist."""
        from hdrgen.tonemap import all_operators

        option = unknown.partition("=")[0]
        if not option.startswith("--"):
            return f"unexpected {unknown!r}; see {self.parser.prog} --help"
        others = [name for name, one in all_operators().items() if _has(one, option)]
        meant = "" if others else suggest(option, options_in(self.parser.format_help()))
        if meant:
            return f"no option {option}{meant}"
        hint = f" ({', '.join(others)} {'has' if len(others) == 1 else 'have'})" if others else ""
        encoded = f"; its result is encoded: {self.operator.encoding}" if option == "--gamma" else ""
        more = f"other options: {self.parser.prog} --help"
        return f"{self.name} has no {option}{hint}{encoded}; it has {self.spelled}; {more}"


class Parameter(NamedTuple):
    """A field of an operator that can be typed."""

    name: str
    type: Any
    default: Any


def _parameters(operator: type[Operator]) -> list[Parameter]:
    types = get_type_hints(operator)  # a field knows its type as text only, where annotations are postponed
    every = [Parameter(each.name, types[each.name], each.default) for each in fields(operator)]  # type: ignore[arg-type]
    return [parameter for parameter in every if _reader(parameter)]


def _has(operator: type[Operator], option: str) -> bool:
    return option in [_option(parameter.name, ()) for parameter in _parameters(operator)]


def _option(parameter: str, taken: Sequence[str]) -> str:
    """The parameter as an option; with a longer name where the verb itself has one of that name."""
    option = parameter.replace("_", "-")
    return f"--operator-{option}" if f"--{option}" in taken else f"--{option}"


def _destination(parameter: Parameter) -> str:
    """A name in the namespace that no option of the verb has."""
    return f"operator.{parameter.name}"


def _reader(parameter: Parameter) -> Callable[[str], object] | None:
    """Converts text to the type of a parameter; None for parameters that are objects and cannot be typed."""
    readers: dict[Any, Callable[[str], object]] = {
        float: float,
        int: int,
        str: str,
        bool: bool,
        float | None: _number_or_none,
        int | None: _integer_or_none,
        Sequence[float]: _numbers,
        Literal: str,
    }
    return readers.get(get_origin(parameter.type) if get_origin(parameter.type) is Literal else parameter.type)


def _number_or_none(text: str) -> float | None:
    return None if text.lower() == "none" else float(text)


def _integer_or_none(text: str) -> int | None:
    return None if text.lower() == "none" else int(text)


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _add(group: Any, option: str, parameter: Parameter) -> None:
    settings: dict[str, Any] = {"dest": _destination(parameter), "default": parameter.default}
    if parameter.type is bool:
        group.add_argument(option, action=argparse.BooleanOptionalAction, help="(default: %(default)s)", **settings)
        return
    read = _reader(parameter)
    if get_origin(parameter.type) is Literal:
        settings["choices"] = get_args(parameter.type)
    none = "a number, or none: from the image "
    forms: dict[Any, str] = {_number_or_none: none, _integer_or_none: none, _numbers: "separated by commas "}
    about = f"{forms.get(read, '')}(default:{_default(parameter)})"
    group.add_argument(option, type=read, metavar="X", help=about, **settings)


def _default(parameter: Parameter) -> str:
    """The default of a parameter as it follows its option; nothing after a switch."""
    default = parameter.default
    if parameter.type is bool:
        return ""
    if isinstance(default, tuple):
        return f" {','.join(f'{value:g}' for value in default)}"
    if isinstance(default, str):
        return f" {default}"
    return f" {'none' if default is None else f'{default:g}'}"

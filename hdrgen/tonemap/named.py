"""Tone mapping operators by name, for callers that have a text: a command line, an argument of Python."""

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from hdrgen.errors import InputError, suggest
from hdrgen.plugins import class_named, plugins
from hdrgen.tonemap.operator import Operator


def all_operators() -> dict[str, type[Operator]]:
    """Every operator that `hdrgen.tonemap` exports, by name: `kim_kautz2008` is `KimKautz2008`."""
    face: Any = sys.modules[__package__]  # not imported: it imports this file
    exported = [getattr(face, name) for name in face.__all__]
    classes = [one for one in exported if inspect.isclass(one) and issubclass(one, Operator) and one is not Operator]
    return {re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", one.__name__).lower(): one for one in classes}


def operator_class(name: str) -> type[Operator]:
    """The class of an operator, of hdrgen or else of another installed package.

    Raises:
        InputError: No operator has that name.
    """
    operators = all_operators()
    found = operators.get(name) or class_named("tonemap", name, Operator)
    if found is None:
        names = [*operators, *(plugin.name for plugin in plugins("tonemap"))]
        raise InputError(f"no operator {name!r}{suggest(name, names)} (operators: {', '.join(names)})", "operator")
    return found


def operator_named(name: str, parameters: Mapping[str, object]) -> Operator:
    """An operator with some of its parameters; the others are as in its paper.

    Raises:
        InputError: No such operator, or a parameter that it does not have.

    >>> operator_named("drago2003", {"bias": 0.7})
    Drago2003(bias=0.7, saturation=1.0, gamma=2.2)
    """
    operator = operator_class(name)
    known = [each.name for each in fields(operator)]  # type: ignore[arg-type]  # all are dataclasses
    for parameter in parameters:
        if parameter not in known:
            raise InputError(f"{name} has no {parameter!r}{suggest(parameter, known)}; it has {', '.join(known)}")
    return operator(**parameters)

"""A class that takes another's place on the command line starts from its own defaults.

jsonargparse would hand it all arguments of the other that it accepts as well: AdamW in the place of Adam would keep
Adam's weight decay of 0, and so be Adam.
"""

import inspect
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

from jsonargparse import Namespace, _typehints

THE_CHANGE = "discard_init_args_on_class_path_change"
"""What jsonargparse calls where a class replaces another, from options and from configurations alike."""


class Lost(NamedTuple):
    """What was set of a class in whose place there is another, which has it as well, with another default."""

    old: str
    value: Any


_lost: dict[tuple[str, str], Lost] = {}
"""By the new class and the argument."""


def start_anew() -> None:
    """From now on, have every class that replaces another begin with its own defaults."""
    setattr(_typehints, THE_CHANGE, _forget)
    _lost.clear()


def tell_what_is_lost(settings: Namespace) -> None:
    """Warn of what was set of a class that another has replaced, where the settings do not say it again."""
    for class_path, arguments in _classes_in(settings):
        defaults = _defaults(class_path)
        lost = {key: each for (new, key), each in _lost.items() if new == class_path}
        lost = {key: each for key, each in lost.items() if arguments.get(key) == defaults[key]}
        if lost:
            values = ", ".join(f"{key}={each.value}" for key, each in lost.items())
            old, new = (path.rpartition(".")[2] for path in (next(iter(lost.values())).old, class_path))
            warnings.warn(f"{new} starts from its own defaults; not kept from {old}: {values}", stacklevel=2)


def _forget(parser_or_action: Any, before: Any, after: Any) -> None:
    if not before or not before.get("class_path") or before["class_path"] == after["class_path"]:
        return
    given = before.get("init_args") or {}
    _lost.update(_losses(before["class_path"], after["class_path"], given))
    needed = {key for key, default in _defaults(after["class_path"]).items() if default is inspect.Parameter.empty}
    for key in list(vars(given) if isinstance(given, Namespace) else given):
        if key not in needed:  # the folder of a logger is as good for another
            given.pop(key)


def _losses(old: str, new: str, given: Any) -> Iterator[tuple[tuple[str, str], Lost]]:
    """What was set of the old class, was not its default, and is not that of the new one."""
    defaults = [_defaults(class_path) for class_path in (old, new)]
    for key, value in given.items():
        plain = not isinstance(value, Namespace | dict | list)
        if plain and key in defaults[1] and all(value != of_class.get(key) for of_class in defaults):
            yield (new, key), Lost(old, value)


def _classes_in(settings: Any) -> Iterator[tuple[str, Any]]:
    """Every class that the settings name, with its arguments."""
    for value in vars(settings).values() if isinstance(settings, Namespace) else settings:
        if isinstance(value, Namespace):
            if isinstance(value.get("class_path"), str):
                yield value.class_path, value.get("init_args") or {}
            yield from _classes_in(value)
        elif isinstance(value, list):
            yield from _classes_in(value)


def _defaults(class_path: str) -> dict[str, Any]:
    """The defaults of a class by the names of its arguments; none of a function, or of what cannot be found."""
    module, _, name = class_path.rpartition(".")
    cls = getattr(import_module(module), name, None) if module else None
    parameters = inspect.signature(cls).parameters.values() if inspect.isclass(cls) else ()
    return {parameter.name: parameter.default for parameter in parameters}

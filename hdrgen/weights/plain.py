"""Arguments that a file from somebody else gives: plain data of the types that a signature asks for.

Nothing here resolves a path, an address, a module or a reference. A value is a number, a text, a list of these, or the
description of an object, `{"class_path": ..., "init_args": {...}}`, whose class is looked up among those that the
caller offers; nothing is imported for it.
"""

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Union

from hdrgen.errors import InputError, suggest

Classes = Callable[[type], Sequence[type]]
"""The classes that a file may name where the given one is asked for."""

MOST_VALUES = 10_000
"""Values in all, counted as often as they are used: shared ones could unfold to more than any memory holds."""
DEEPEST = 8
LONGEST_TEXT = 4096
LONGEST_LIST = 128
"""Levels of a network, exposures of a stack."""
LARGEST = 2**31


@dataclass(frozen=True)
class Described:
    """An object that a file describes.

    Attributes:
        cls: Its class.
        arguments: Checked.
        later: Whether what takes it makes it, of one more argument that comes first, as an optimizer of parameters.
    """

    cls: type
    arguments: dict[str, Any]
    later: bool


def checked_arguments(function: Callable[..., Any], values: object, classes: Classes) -> dict[str, Any]:
    """The arguments, once each is known to be what the signature asks for.

    Args:
        function: Takes them: a class or a function, with annotations.
        values: By name, as read from a file.
        classes: Which classes may be named.

    Returns:
        The same arguments, objects as `Described`; see `as_data` and `as_objects`.

    Raises:
        InputError: A name that the function does not take, a value of another type, or more than a file should hold.

    >>> def function(size: int, rates: Sequence[float] = ()) -> None: ...
    >>> checked_arguments(function, {"size": 3, "rates": [1, 0.5]}, lambda base: [])
    {'size': 3, 'rates': [1, 0.5]}
    """
    check_extent(values)
    return _arguments(function, values, classes)


def as_data(value: Any) -> Any:
    """A checked value as plain data; an object by its full name and its arguments."""
    if isinstance(value, Described):
        return {"class_path": full_name(value.cls), "init_args": as_data(value.arguments)}
    return _within(as_data, value)


def as_objects(value: Any) -> Any:
    """A checked value, with objects made."""
    if isinstance(value, Described):
        arguments = as_objects(value.arguments)
        return partial(value.cls, **arguments) if value.later else value.cls(**arguments)
    return _within(as_objects, value)


def _within(function: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, dict):
        return {name: function(each) for name, each in value.items()}
    return [function(each) for each in value] if isinstance(value, list) else value


def full_name(cls: type) -> str:
    """Where a class is defined."""
    return f"{cls.__module__}.{cls.__qualname__}"


def named(path: object, classes: Iterable[type]) -> type | None:
    """The class of that name: alone, or below the package that it is in, wherever there; files move.

    >>> named("hdrgen.moved.InputError", [InputError]), named("elsewhere.InputError", [InputError])
    (<class 'hdrgen.errors.InputError'>, None)
    """
    if not isinstance(path, str):
        return None
    package, dot, _ = path.partition(".")
    name = path.rpartition(".")[2]
    fitting = (each for each in classes if each.__name__ == name)
    return next((each for each in fitting if not dot or each.__module__.partition(".")[0] == package), None)


def check_extent(values: object, longest: int = LONGEST_LIST) -> None:
    """Walk through plain data, and stop where it is too much, before anything recurses into it or prints it.

    Args:
        values: Any nesting of dicts, lists and plain values.
        longest: Entries of a list or dict.

    Raises:
        InputError: More levels or values, or longer texts, than a file should hold.
    """
    waiting: list[tuple[object, int]] = [(values, 0)]
    for _ in range(MOST_VALUES):
        if not waiting:
            return
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise InputError(f"expected values at most {DEEPEST} levels deep, found more")
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise InputError(f"expected texts of at most {LONGEST_TEXT} characters, found {len(value)}")
        if not isinstance(value, dict | list | tuple):
            continue
        if len(value) > longest:
            raise InputError(f"expected at most {longest} values together, found {len(value)}")
        children = [*value, *value.values()] if isinstance(value, dict) else value
        waiting.extend((child, depth + 1) for child in children)
    raise InputError(f"expected at most {MOST_VALUES:,} values, found more")


def _arguments(function: Callable[..., Any], values: object, classes: Classes, later: bool = False) -> dict[str, Any]:
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise InputError(f"expected arguments by name, found {_shown(values)}")
    kinds = _kinds(function, later)
    checked = {}
    for name, value in values.items():
        if name not in kinds:
            raise InputError(f"no argument {_shown(name)}{suggest(name[:64], kinds)}")
        try:
            checked[name] = _value(value, kinds[name], classes)
        except _Unfit as unfit:
            expected = _described(kinds[name])
            raise InputError(f"{name}: expected {expected}, found {_shown(unfit.value)}") from None
        except InputError as error:
            raise InputError(f"{name}: {error}") from None
    return checked


def _kinds(function: Callable[..., Any], later: bool = False) -> dict[str, Any]:
    """The types of what a function takes by name; of a class also what it hands on to its bases.

    With `later`, all but the first: that is given by whoever makes the object.
    """
    if not inspect.isclass(function):
        return _own_kinds(function)[0]
    kinds: dict[str, Any] = {}
    for cls in inspect.getmro(function):
        if "__init__" not in vars(cls) or cls is object:
            continue
        own, hands_on = _own_kinds(vars(cls)["__init__"])
        kinds |= {name: kind for name, kind in own.items() if name not in kinds}
        if not hands_on:
            break
    kinds.pop("self", None)
    if later and kinds:
        del kinds[next(iter(kinds))]
    return kinds


def _own_kinds(function: Callable[..., Any]) -> tuple[dict[str, Any], bool]:
    """The types of the arguments, and whether there is a `**keywords`."""
    parameters = inspect.signature(function).parameters.values()
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # annotations are any code, of methods that are not hdrgen's, too
        hints = {}
    named_ones = [each for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
    kinds = {each.name: hints.get(each.name, Any) for each in named_ones}
    return kinds, any(each.kind is each.VAR_KEYWORD for each in parameters)


class _Unfit(Exception):
    """A value that is not of the type asked for."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def _value(value: object, kind: Any, classes: Classes, later: bool = False) -> Any:
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(value, parts, classes, later)
    if origin is Literal:
        return _choice(value, parts)
    if origin is Callable:
        if not parts or not isinstance(value, dict):
            raise _Unfit(value)
        return _value(value, parts[-1], classes, later=True)
    if inspect.isclass(origin) and issubclass(origin, dict | Mapping):
        return _table(value, parts, classes)
    if inspect.isclass(origin) and issubclass(origin, Iterable):
        return _list(value, origin, parts, classes)
    if kind is Any or not inspect.isclass(kind):  # nothing is said, or what only a type checker understands
        return _anything(value)
    plain = next((each for each in _PLAIN if issubclass(kind, each)), None)
    return _object(value, kind, classes, later) if plain is None else _plain(value, plain)


def _one_of(value: object, kinds: Sequence[Any], classes: Classes, later: bool) -> Any:
    for kind in kinds:
        try:
            return _value(value, kind, classes, later)
        except _Unfit:
            continue
    raise _Unfit(value)


def _choice(value: object, choices: Sequence[Any]) -> Any:
    if not isinstance(value, bool | int | str) or value not in choices:
        raise _Unfit(value)
    return value


def _table(value: object, parts: Sequence[Any], classes: Classes) -> dict[str, Any]:
    if not isinstance(value, dict) or "class_path" in value or not all(isinstance(name, str) for name in value):
        raise _Unfit(value)
    return {name: _value(each, parts[1] if parts else Any, classes) for name, each in value.items()}


def _list(value: object, origin: type, parts: Sequence[Any], classes: Classes) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _Unfit(value)
    if issubclass(origin, tuple) and parts and parts[-1] is not Ellipsis:
        if len(value) != len(parts):
            raise _Unfit(value)
        return [_value(each, part, classes) for each, part in zip(value, parts, strict=True)]
    return [_value(each, parts[0] if parts else Any, classes) for each in value]


_PLAIN: dict[type, tuple[type, ...]] = {
    bool: (bool,),
    int: (int,),
    float: (float, int),
    str: (str,),
    Path: (str,),
    types.NoneType: (types.NoneType,),
}
"""What a file holds for each plain type."""


def _plain(value: object, kind: type) -> Any:
    if not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind is not bool):
        raise _Unfit(value)
    if isinstance(value, int) and abs(value) > (LARGEST if kind is int else 2**53):  # a float holds the latter
        raise _Unfit(value)
    if isinstance(value, str) and not value.isprintable():  # several lines, or half a character: nobody typed them
        raise _Unfit(value)
    return value


def _anything(value: object) -> Any:
    """Where a signature says nothing: numbers, and texts that name nothing but a choice, such as `min` or `val/l1`."""
    if isinstance(value, list | tuple):
        return [_anything(each) for each in value]
    if isinstance(value, str) and not all(sign.isalnum() or sign in "_/-" for sign in value):
        raise _Unfit(value)
    plain = next((each for each, held in _PLAIN.items() if isinstance(value, held)), None)
    if plain is None:
        raise _Unfit(value)
    return _plain(value, plain)


def _object(value: object, base: type, classes: Classes, later: bool) -> Described:
    if not isinstance(value, dict) or not {"class_path"} <= set(value) <= {"class_path", "init_args"}:
        raise _Unfit(value)
    cls = named(value["class_path"], classes(base))
    if cls is None:
        raise _Unfit(value)
    return Described(cls, _arguments(cls, value.get("init_args") or {}, classes, later), later)


def _described(kind: Any) -> str:
    return inspect.formatannotation(kind).replace("typing.", "").replace("collections.abc.", "")[:120]


def _shown(value: object) -> str:
    """The beginning of a value, on one line; a container by its type, since printing it could take for ever."""
    if isinstance(value, dict):
        value = value.get("class_path", value)
    if isinstance(value, str | bytes):
        return repr(value[:80])
    small = isinstance(value, int) and abs(value) <= LARGEST**2
    return repr(value) if small or value is None or isinstance(value, float) else type(value).__name__

"""A parser whose complaints are one line: which option, what was wrong with it, and what may have been meant."""

import ast
import difflib
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import yaml
from jsonargparse import Namespace, _parameter_resolvers, get_loader, set_loader
from pytorch_lightning.cli import LightningArgumentParser

from hdrgen.cli.arguments import options_in
from hdrgen.errors import InputError, few_of, suggest
from hdrgen.plain_files import bounded
from hdrgen.weights import subclasses


def _is_literal(node: ast.AST) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


# jsonargparse reads numbers and strings alone of `lambda p: Adam(p, betas=(0.5, 0.999))`; an optimizer that it cannot
# read is a function to it: no option changes its rate, and no configuration names it.
_parameter_resolvers.ast_is_constant = _is_literal
_parameter_resolvers.ast_get_constant_value = ast.literal_eval

# Of --data FILE, --evaluation FILE and others, which jsonargparse opens by itself
set_loader("yaml", bounded(get_loader("yaml")), (yaml.YAMLError,))

_NOISE = (
    "Does not validate",
    "Subtypes:",
    "Errors:",
    "Given value",
    "Expected a <class 'NoneType'>",
    "Expected a path but",
)

_ROOMS = ("hdrgen.metrics", "hdrgen.tonemap")
"""Rooms whose functions protocols name."""
_ANY_METHOD = "HDRModule"
"""The class of `--model.NAME` where none is named before it."""
_STRUCTURED = ("NestedArg(", "Namespace(", "{")
"""Beginnings of values that are too long to repeat in a message."""
_PLAIN = {
    r"Expected a <class '(?:[\w.]+\.)?(\w+)'>": r"expected \1",
    r"Expected a typing\.Literal\[(.*)\]": r"expected one of \1",
    r"Expected a dot import path string: (\w+)": r"no class '\1'",
    r"\. Got value: ": ", found ",
    r"Option '([\w.]+)' is not accepted": r"no option --\1",
    r"Subcommand '\w+' does not accept option '([\w.]+)'": r"no option --\1",
    r"argument (?:\S+/)?(--[\w.]*\w)(?:/\S+)?: ": r"\1: ",
    r"expected one argument": "expected a value, found none",
    r"the following arguments are required: (.*)": r"needs --\1",
}
"""Patterns in jsonargparse's messages, and the plain words in their place."""


class LightningParser(LightningArgumentParser):
    """Lightning's parser, which raises `InputError` instead of printing its usage and leaving."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        # No abbreviations: `--trainer.max_step 3` would set max_steps, until Lightning has an option of that name.
        super().__init__(*args, **{"allow_abbrev": False, **keywords})

    def dump(self, cfg: Namespace, **how: Any) -> str:
        """The configuration as text, without the defaults that have no words: who reads it has them as well."""
        return super().dump(_without_functions(cfg), **how)  # type: ignore[no-any-return]

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Raise, in one line."""
        raise InputError(condense(message) + self._hint(message)) from ex

    def _hint(self, message: str) -> str:
        if unknown := re.search(r"unrecognized arguments: (--[\w.]+)", message):
            return suggest(unknown[1], options_in(self.format_help()))
        if unknown := re.match(r"Subcommand '(\w+)' does not accept option '([\w.]+)'", message):  # of a configuration
            verbs = self._subcommands_action
            return suggest(f"--{unknown[2]}", options_in(verbs.choices[unknown[1]].format_help() if verbs else ""))
        if unknown := re.match(r"Option '([\w.]+)' is not accepted", message):  # of a class; this is its parser
            return _of_class(unknown[1], next(iter(self.groups or ()), "it"), options_in(self.format_help()))
        if unknown := re.search(r"Expected a dot import path string: (\w+)", message):
            names = sorted({cls.__name__ for base in _bases(message) for cls in _usable(base)})
            return f"{suggest(unknown[1], names)} (known: {', '.join(names)})" if names else _as_path(unknown[1])
        if unknown := re.search(r"class_path '(hdrgen\.\w+)\.[\w.]*\b(\w+)':\s+module", message):
            return _in_the_room(unknown[1], unknown[2])
        return ""


def _without_functions(settings: Namespace) -> Namespace:
    """A copy without the arguments whose value is a function that has no name to import it by."""
    kept = settings.clone()
    for key, value in settings.items():
        if getattr(value, "__name__", "") == "<lambda>":
            kept.pop(key)
    return kept


def condense(message: str) -> str:
    r"""The part of a jsonargparse message that a user can act on.

    >>> condense('Parser key "a.b":\n  Does not validate against any of the Union subtypes\n  Errors:\n'
    ...          "    - Expected a <class 'int'>\n    - Expected a <class 'NoneType'>\n  Given value: abc")
    '--a.b: expected int, found abc'
    """
    lines = [line.strip().removeprefix("- ") for line in message.splitlines() if line.strip()]
    key = re.match(r'Parser key "([^"]+)":?\s*(.*)', lines[0])
    if key is None:
        return _plain(" ".join(lines))
    reasons = [_plain(line) for line in (key[2].removeprefix("- "), *lines[1:]) if line and not line.startswith(_NOISE)]
    if reasons and reasons[0].startswith(("--", "no option --", "needs --")):
        return reasons[0].replace("--", f"--{key[1]}.")  # about an argument of the class that this option names
    given = next((line.removeprefix("Given value: ") for line in lines if line.startswith("Given value: ")), "")
    if unknown := [reason for reason in reasons if reason.startswith("no class ")]:
        reasons, given = unknown, ""
    ending = f", found {given}" if given and given not in "".join(reasons) and not given.startswith(_STRUCTURED) else ""
    return f"--{key[1]}: {'; '.join(reasons).replace(':;', ':') or 'not accepted'}{ending}"


def _plain(reason: str) -> str:
    for pattern, plain in _PLAIN.items():
        reason = re.sub(pattern, plain, reason)
    return reason


def _of_class(argument: str, name: str, options: list[str]) -> str:
    """Hint for an argument that a class does not have: those that it has, the nearest first."""
    if name == _ANY_METHOD:
        return ": name the method first"
    own = [option for option in options if option != "--help"]
    own.sort(key=lambda option: -_likeness(argument, option.removeprefix("--")))
    return f"{suggest(f'--{argument}', own)} ({name} has {few_of(own, 5) or 'none'})"


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other).ratio()


def _in_the_room(room: str, name: str) -> str:
    """Hint for a class whose file has moved within its room, which exports it as before."""
    try:
        return f"; did you mean {room}.{name}?" if hasattr(importlib.import_module(room), name) else ""
    except ImportError:
        return ""


def _as_path(name: str) -> str:
    """What to write instead of the bare name of a function: its import path."""
    paths = {own: f"{room}.{own}" for room in _ROOMS for own in importlib.import_module(room).__all__}
    near = difflib.get_close_matches(name, paths, n=1)
    return f"; expected an import path{f', such as {paths[near[0]]}' if near else ''}"


def _usable(base: type) -> Iterator[type]:
    return (cls for cls in (base, *subclasses(base)) if not inspect.isabstract(cls) and cls.__name__[0] != "_")


def _bases(message: str) -> Iterator[type]:
    """The classes of hdrgen and Lightning that an option accepts, as its complaint names them."""
    for name in re.findall(r"<class '((?:hdrgen|pytorch_lightning)[\w.]+)'>", message):
        module, _, attribute = name.rpartition(".")
        yield getattr(importlib.import_module(module), attribute)

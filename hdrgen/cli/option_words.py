"""The library speaks of its Python arguments; here their names become the options of the verb that runs."""

import inspect
import re
import sys
from argparse import Action
from collections.abc import Callable
from typing import Any, NamedTuple

from hdrgen.cli.parser import CommandParser
from hdrgen.errors import without_advice

SYNONYMS = {
    ("compare", "weights"): "lpips_weights",
    ("compare", "network"): "lpips_network",
    ("expand", "accelerator"): "device",
    ("expand", "most_stops"): "stops",
    ("expand", "stack_ev"): "ev",
    ("expand", "method"): "model",
    ("export", "method"): "model",
    ("expose", "response"): "crf",
    ("merge", "saturation"): "picture_saturation",
    ("merge", "contrast"): "picture_contrast",
    ("report", "scenes"): "scene",
    ("tonemap", "saturation"): "picture_saturation",
    ("tonemap", "contrast"): "picture_contrast",
}
"""Verb and argument: the option where it has another name, as in `Namespace`."""
VALUE = r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\([^)]*\)|[+-]?\w+(?:[.]\w+)*"
"""A value as Python has it, as a regular expression."""
QUOTES = " '\""
SETTING = re.compile(rf"(?<![\w.(-])([a-z_0-9]+(?:[.][a-z_0-9]+)*)=({VALUE})")
"""NAME=VALUE, but not within a call, which is Python whatever the option is."""


class Option(NamedTuple):
    """An option, and what it is typed as with a value of Python."""

    name: str
    typed: Callable[[str], str]


def in_options(message: str, argument: str | None, verb: str, module: str) -> str:
    """The message of an error or a warning with the option of its argument.

    Each `NAME=VALUE` becomes `--NAME VALUE`, if the verb has an option of that name; where the message does not name
    the option of its argument, that follows in parentheses.

    Args:
        message: What the library says.
        argument: The Python argument that it is about.
        verb: Of the command line.
        module: Where the verb is.

    Returns:
        Without what to pass where the verb has no option for the argument.
    """
    if argument is None:
        return message
    option = _option_of(argument, verb, module)
    if option is None:
        return without_advice(message, argument)

    def typed(setting: re.Match[str]) -> str:
        name, value = setting.groups()
        known = option if name == argument.rpartition(".")[2] else _option_of(name, verb, module)
        return setting[0] if known is None else known.typed(value)

    spelled = SETTING.sub(typed, message)
    return spelled if option.name in spelled else f"{spelled} ({option.name})"


def _option_of(argument: str, verb: str, module: str) -> Option | None:
    parser = getattr(sys.modules.get(module), "parser", None)
    if parser is None:
        name = _lightning_name(argument) if module == "hdrgen.cli.lightning" else None
        name = "--response" if name and (verb, argument) == ("predict", "response") else name
        switch = name == "--overwrite"  # the only one; all others take true or false
        folded = name == "--writer.colour_space"  # a name here, one of the colour spaces of `hdrgen.io` in Python
        if name is None:
            return None
        return Option(name, lambda value: name if switch else f"{name} {_yaml(value.lower() if folded else value)}")
    light: CommandParser = parser(verb)
    action = light.option_of(SYNONYMS.get((verb, argument), argument))
    return None if action is None else Option(_longest(action), lambda value: _typed(action, value))


def _longest(action: Action) -> str:
    return next((name for name in action.option_strings if name.startswith("--")), action.option_strings[0])


def _typed(action: Action, value: str) -> str:
    """As argparse takes it: switches alone, lists with commas between their items."""
    name = _longest(action)
    if action.nargs == 0:  # a switch
        return name
    if value[0] in "([":
        return f"{name} {','.join(item.strip(QUOTES) for item in value[1:-1].split(',') if item.strip())}"
    value = value.strip(QUOTES)
    return f"{name} {next((choice for choice in action.choices or () if choice == value.lower()), value)}"


def _lightning_name(argument: str) -> str | None:
    """The option of a LightningCLI verb: of the verb itself, or of the one part that has such an argument."""
    first = argument.partition(".")[0]
    if first in ("tile", "overwrite", "output", "ckpt_path", "seed_everything"):
        return f"--{argument}"
    if first == "method":
        return "--model"
    parts = _lightning_parts()
    if first in parts:
        return f"--{argument}"
    part = next((name for name, classes in parts.items() if any(map(_takes(first), classes))), None)
    return None if part is None else f"--{part}.{argument}"


def _lightning_parts() -> dict[str, list[type]]:
    """What a LightningCLI verb is put together from, by the first word of the options."""
    from pytorch_lightning import Trainer

    from hdrgen.callbacks import Extremes, ImageGrid, PredictionWriter
    from hdrgen.data import ExposureStackDataModule
    from hdrgen.methods import HDRModule
    from hdrgen.metrics import EvaluationProtocol
    from hdrgen.weights import subclasses

    return {
        "data": [ExposureStackDataModule],
        "model": list(subclasses(HDRModule)),
        "writer": [PredictionWriter],
        "extremes": [Extremes],
        "grid": [ImageGrid],
        "evaluation": [EvaluationProtocol],
        "validation": [EvaluationProtocol],
        "trainer": [Trainer],
    }


def _takes(argument: str) -> Callable[[Any], bool]:
    return lambda cls: argument in inspect.signature(cls).parameters


def _yaml(value: str) -> str:
    """A value of Python as jsonargparse reads it."""
    words = {"None": "null", "True": "true", "False": "false"}
    if value in words:
        return words[value]
    if value[0] == "(":
        value = f"[{value[1:-1]}]"
    return re.sub(r",\s+", ",", value.strip(QUOTES))

"""Reading commands to their end without running them: whatever is misspelt raises."""

import argparse
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Sequence
from itertools import pairwise

import pytest
import yaml
from packaging.requirements import Requirement

from hdrgen import configs, data, methods
from hdrgen.cli import joined, with_config
from hdrgen.cli.arguments import prepare, without
from hdrgen.cli.class_change import start_anew
from hdrgen.cli.completion import complete
from hdrgen.cli.lightning import HDRCLI
from hdrgen.cli.lightning import VERBS as TRAINING
from hdrgen.cli.main import COMPLETION, VERBS
from hdrgen.commands.expand import method_apart
from tests.pages import ROOT

SCENES = re.compile(r"--data\.(train|val)(?:\.(\w+))?")
"""Options of a training's scenes: a class, or one of its arguments."""
FRONT = {"--help", "--version", COMPLETION}
_PARSERS: dict[str, argparse.ArgumentParser] = {}


class Read(Exception):
    """All arguments were understood."""


class _Unrun(HDRCLI):
    def parse_arguments(self, parser, args):
        """Keep the parser, which takes long to build, for further commands."""
        _PARSERS[args[0]] = parser
        raise Read


def parser_of(verb: str) -> argparse.ArgumentParser:
    """Of any verb of hdrgen."""
    if verb in TRAINING and verb not in _PARSERS:
        with pytest.raises(Read):
            _Unrun([verb])
    return _PARSERS[verb] if verb in TRAINING else importlib.import_module(VERBS[verb].module).parser(verb)


def read(words: Sequence[str], method: str | None = None) -> None:
    """A command of hdrgen.

    Args:
        words: Verb and arguments.
        method: Class of the network that a checkpoint holds; None: that of `last.ckpt`, which must be there.
    """
    verb, *rest = words
    if verb in FRONT:
        return
    if verb == "pack" and not rest[0].startswith("-"):  # the data set, and its options, which are those of `fit`
        rest = parser_of(verb).parse_known_args(rest[1:])[1]
        verb, rest = "fit", [f"--data.train={words[1]}", *rest]
    if verb == "expand":
        rest, of_method = method_apart(with_config(rest))
        arguments = inspect.signature(getattr(methods, method or "HDRModule")).parameters
        assert {option.removeprefix("--model.").partition("=")[0] for option in of_method} <= {*arguments}
    if verb not in TRAINING:
        parser_of(verb).parse_args(joined(with_config(rest)))
    elif _is_plain(verb, rest):
        _read_plain(rest[1], rest[2:])
    else:
        if "--ckpt_path" in rest:
            network = f"--model={method}" if method else "--ckpt_path=last.ckpt"
            rest = [network, *without(rest, "--ckpt_path")]
        start_anew()
        parser_of(verb).parse_args(complete([verb, *prepare(rest)]))


def _is_plain(verb: str, rest: Sequence[str]) -> bool:
    return verb == "fit" and rest[0] == "--config" and len(rest) > 2 and all(map(SCENES.fullmatch, rest[2::2]))


def _read_plain(name: str, options: Sequence[str]) -> None:
    """A training of a packaged configuration on other scenes; names are looked up, as a parser takes its time."""
    assert name in configs.names(), name
    given = yaml.safe_load(configs.path_of(name).read_text(encoding="utf-8"))["data"]
    classes = {part: (given.get(part) or {}).get("class_path", "").rpartition(".")[2] for part in ("train", "val")}
    for option, value in zip(options[::2], options[1::2], strict=True):
        part, argument = SCENES.fullmatch(option).groups()
        classes[part] = value if argument is None else classes[part]
        assert classes[part] in data.__all__, f"{option} {value}"
        assert argument is None or argument in inspect.signature(getattr(data, classes[part])).parameters, option


def options_are_there(words: Sequence[str]) -> bool:
    """Whether verb and options of a command in a sentence are those of hdrgen; what it is about may be left out."""
    verb, *rest = words
    if verb in FRONT or verb not in VERBS:
        return verb in FRONT
    own = _of_verb(parser_of(verb), verb)
    return all(_is_known(word.partition("=")[0], own) for word in rest if word.startswith("-") and word != "-")


def _of_verb(parser: argparse.ArgumentParser, verb: str) -> set[str]:
    sub = next((each for each in parser._actions if isinstance(each.choices, dict) and verb in each.choices), None)
    return set((sub.choices[verb] if sub else parser)._option_string_actions)


def _is_known(option: str, own: set[str]) -> bool:
    """An option, or below one whose class has it."""
    return any(option == each or (option.startswith(f"{each}.") and each.startswith("--")) for each in own)


def read_program(module: str, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`python -m module arguments`, up to where it has read them."""
    program, parse = importlib.import_module(module), argparse.ArgumentParser.parse_args

    def reading(self, args=None, namespace=None):
        parse(self, args, namespace)
        raise Read

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", reading)
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    with pytest.raises(Read):
        program.main()


def what_is_wrong(words: Sequence[str]) -> str:
    """With a command of another program, as far as this repository has a part in it; empty where nothing is."""
    program, *rest = words
    if program == "make":
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
        return f"no targets {sorted(set(rest) - set(targets))}" if set(rest) - set(targets) else ""
    if program == "pip":
        asked = [word.replace("-e", "").replace(".[", "hdrgen[") for word in rest[1:] if "[" in word]
        known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
        unknown = {extra for word in asked for extra in Requirement(word).extras} - set(known)
        return f"no extras {sorted(unknown)}" if unknown else ""
    if program == "docker" and rest[0] == "build":
        known = re.findall(r"^ARG (\w+)", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
        asked = {value.partition("=")[0] for option, value in pairwise(rest) if option == "--build-arg"}
        return f"no ARG {sorted(asked - set(known))}" if asked - set(known) else ""
    files = {"conda": [word for word in rest if "." in word], "jupyter": rest[1:]}.get(program, [])
    missing = [file for file in files if not (ROOT / file).exists()]
    return f"no files {missing}" if missing else ""

"""`hdrgen --print-completion SHELL`: a script that completes verbs, options and their choices, and names of files.

The options are those of the verbs' own parsers, taken when the script is printed, so that completing starts no Python.
shtab and argcomplete, which would do it for one parser, need all verbs below one, and with it torch for every tab.
Names of methods, data sets and the like, those of other packages among them, are taken at the same time.
"""

import argparse
import importlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hdrgen import configs
from hdrgen.cli.tables import listing_file
from hdrgen.errors import InputError, suggest
from hdrgen.plugins import plugins
from hdrgen.text_table import FORMS
from hdrgen.weights import catalogue

SHELLS = ("bash", "zsh", "fish")
TRAINING = ("fit", "validate", "test", "predict")
COMMON = {
    "--config": (*configs.names(), *(f"{configs.EXPERIMENTS}/{name}" for name in configs.experiment_names())),
    "--model": (),
    "--ckpt_path": ("last", "best"),
    "--weights": (),
    "--output": (),
    "--overwrite": (),
    "--data.train": (),
    "--data.val": (),
    "--data.test": (),
    "--data.predict": (),
    "--data.batch_size": (),
    "--data.num_workers": (),
    "--evaluation": tuple(configs.protocol_names()),
    "--validation": tuple(configs.protocol_names()),
    "--results": (),
    "--table": FORMS,
    "--seed_everything": (),
    "--tile": ("auto", "none"),
    "--trainer.max_epochs": (),
    "--trainer.max_steps": (),
    "--trainer.devices": (),
    "--trainer.accelerator": ("auto", "cpu", "gpu", "mps"),
    "--trainer.precision": ("32-true", "16-mixed", "bf16-mixed"),
    "--print_config": (),
    "--help": (),
}
"""Of the verbs whose parser takes seconds to build: what is typed most, of some hundreds of options."""
NAMED = {
    "--model": "methods",
    **dict.fromkeys(("--data.train", "--data.val", "--data.test"), "data"),
    "--operator": "tonemap",
    "--metrics": "metrics",
}
"""Options that take names, and the group of entry points by which other packages add some."""
DATA = (
    *("DrTMO", "DrTMOPairs", "ExposureStackFolder", "Fairchild", "HDREye", "Kalantari", "MovingScenes", "NTIRE2021"),
    *("PackedStacks", "ProceduralScenes", "RAISE", "RenderedStacks", "SICE", "Sen", "Tursun", "VDS"),
)
OPERATORS = (
    *("drago2003", "exposure_fusion", "kim_kautz2008", "layer_decomposition", "mu_law", "reinhard2002"),
    "reinhard2005",
)
"""Ours, like `DATA`: to import them takes seconds."""
_WORD = re.compile(r"[\w.:+/-]+")


class Completed(NamedTuple):
    """A verb, what it does, and its options with the values that each of them takes; none: files."""

    verb: str
    help: str
    options: Mapping[str, tuple[str, ...]]


def completion_of(shell: str, verbs: Mapping[str, tuple[str, str, str]]) -> str:
    """The script of a shell.

    Args:
        shell: One of `SHELLS`.
        verbs: Module, help and extra of each.

    Raises:
        InputError: Another shell.
    """
    if shell not in SHELLS:
        expected = f"expected one of {', '.join(SHELLS)}, found {shell or 'nothing'}"
        raise InputError(f"--print-completion: {expected}{suggest(shell, SHELLS)}")
    completed = [Completed(verb, help_, _options(verb, module)) for verb, (module, help_, _) in verbs.items()]
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](completed)


def _options(verb: str, module: str) -> Mapping[str, tuple[str, ...]]:
    if verb in TRAINING:
        return {name: choices or _names(name) for name, choices in COMMON.items()}
    actions = _actions(importlib.import_module(module).parser(verb))
    names = {name: action for action in actions for name in action.option_strings if name[:2] == "--"}
    # --model of a light verb is for the class of a package that says nothing of itself
    return {name: _choices(action) or (_names(name) if name != "--model" else ()) for name, action in names.items()}


def _names(option: str) -> tuple[str, ...]:
    """What an option that takes names may be given: ours, and those of other packages."""
    if option == "--weights":
        return tuple(entry.name for entry in catalogue())
    group = NAMED.get(option, "")
    own = {"data": DATA, "tonemap": OPERATORS}.get(group, ()) or tuple(_kept(group))
    others = plugins(group) if group else []
    return (*own, *(each.name if group in ("metrics", "tonemap") else each.class_name for each in others))


def _kept(room: str) -> Iterator[str]:
    """Of `hdrgen methods` and `hdrgen metrics`, which are kept in a file."""
    if room:
        yield from (entry["name"] for entry in json.loads(listing_file(room).read_text(encoding="utf-8"))["entries"])


def _actions(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Those of the parser and of the ones below it, such as `configs show`."""
    own = list(parser._actions)
    below = [action for action in own if isinstance(action, argparse._SubParsersAction)]
    return own + [each for action in below for one in action.choices.values() for each in _actions(one)]


def _choices(action: argparse.Action) -> tuple[str, ...]:
    """Those that are plain words."""
    return tuple(str(choice) for choice in action.choices or () if _WORD.fullmatch(str(choice)))


def _bash(completed: list[Completed]) -> str:
    cases = []
    for verb, _, options in completed:
        values = [f"      {name}) words='{' '.join(choices)}' ;;" for name, choices in options.items() if choices]
        inner = ["    case $before in", *values, "    esac"] if values else []
        cases += [f"  {verb})", f"    words='{' '.join(options)}'", *inner, "    ;;"]
    return "\n".join(
        [
            "# hdrgen --print-completion bash >> ~/.bash_completion",
            "_hdrgen() {",
            "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=''",
            "  if [ $COMP_CWORD -eq 1 ]; then",
            f"    COMPREPLY=($(compgen -W '{' '.join(one.verb for one in completed)} --help --version' -- \"$word\"))",
            "    return",
            "  fi",
            "  case ${COMP_WORDS[1]} in",
            *cases,
            "  esac",
            "  # Values of the option before, or options where one is begun; elsewhere the shell completes file names",
            '  case $before$word in *--*) COMPREPLY=($(compgen -W "$words" -- "$word")) ;; esac',
            "}",
            "complete -o default -o bashdefault -F _hdrgen hdrgen",
        ]
    )


def _zsh(completed: list[Completed]) -> str:
    return "\n".join(
        [
            "#compdef hdrgen",
            "# hdrgen --print-completion zsh > ~/.zfunc/_hdrgen, where fpath has ~/.zfunc before compinit runs",
            "autoload -U +X bashcompinit && bashcompinit",
            _bash(completed),
        ]
    )


def _fish(completed: list[Completed]) -> str:
    lines = ["# hdrgen --print-completion fish > ~/.config/fish/completions/hdrgen.fish"]
    for verb, help_, options in completed:
        text = help_.replace("'", "\\'")
        lines.append(f"complete -c hdrgen -n __fish_use_subcommand -f -a {verb} -d '{text}'")
        for name, choices in options.items():
            values = f" -x -a '{' '.join(choices)}'" if choices else ""
            lines.append(f"complete -c hdrgen -n '__fish_seen_subcommand_from {verb}' -l {name[2:]}{values}")
    return "\n".join(lines)

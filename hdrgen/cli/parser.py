"""The parser of the light verbs, whose complaints are one line like all others."""

import argparse
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from hdrgen.cli.arguments import options_in
from hdrgen.errors import InputError, suggest
from hdrgen.plain_files import OWN, read_yaml


class CommandParser(argparse.ArgumentParser):
    """argparse's parser, which raises `InputError` instead of printing its usage and leaving.

    Options are spelled out: an abbreviation that is clear today would mean another option, or none, as options join.
    """

    def __init__(self, prog: str | None = None, *, allow_abbrev: bool = False, **settings: object) -> None:
        super().__init__(prog, allow_abbrev=allow_abbrev, **settings)  # type: ignore[arg-type]  # argparse's own

    def error(self, message: str) -> NoReturn:
        """Raise, in one line."""
        raise InputError(f"{message}{self._hint(message)}; see {self.prog} --help")

    def option_of(self, argument: str) -> argparse.Action | None:
        """The option that sets an argument, by its name in the namespace; None where there is none."""
        return next((each for each in self._actions if each.dest == argument and each.option_strings), None)

    def _hint(self, message: str) -> str:
        if unknown := re.search(r"unrecognized arguments: (--[\w-]+)", message):
            return suggest(unknown[1], options_in(self.format_help()))
        if wrong := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            return suggest(wrong[1], re.findall(r"[\w-]+", wrong[2]))
        return ""


def with_config(arguments: Sequence[str]) -> list[str]:
    """The arguments, with the options of every `--config FILE` put before those that were typed, which win.

    Raises:
        InputError: A file that cannot be read, or holds no options.
    """
    configs = CommandParser(add_help=False)
    configs.add_argument("--config", action="append", default=[], type=Path)
    files, typed = configs.parse_known_args(arguments)
    return [option for path in files.config for option in _options_of(path)] + typed


def add_config_argument(parser: argparse.ArgumentParser, example: str) -> None:
    """--config, for the help: `with_config` has taken it before the parser looks."""
    parser.add_argument("--config", metavar="FILE", help=f"YAML file with any of these options, such as {example!r}")


def _options_of(path: Path) -> Iterator[str]:
    """The options of a YAML file as one would type them: switches alone, lists with commas between their items."""
    options = read_yaml(path, OWN)
    if not isinstance(options, dict):
        raise InputError(f"{path}: expected options by name, found {type(options).__name__}")
    for name, value in options.items():
        option = f"--{str(name).replace('_', '-')}"
        if isinstance(value, list):
            yield f"{option}={','.join(map(str, value))}"
        elif value is True:
            yield option
        elif value is not None and value is not False:
            yield f"{option}={value}"

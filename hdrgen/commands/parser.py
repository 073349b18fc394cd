"""The parser of the light verbs, whose complaints are one line like all others."""

import argparse
import re
from typing import NoReturn

from hdrgen.arguments import options_in, suggest
from hdrgen.errors import InputError


class Parser(argparse.ArgumentParser):
    """argparse's parser, which raises `InputError` instead of printing its usage and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise, in one line."""
        raise InputError(f"{message}{self._hint(message)}; see {self.prog} --help")

    def _hint(self, message: str) -> str:
        if unknown := re.search(r"unrecognized arguments: (--[\w-]+)", message):
            return suggest(unknown[1], options_in(self.format_help()))
        if wrong := re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message):
            return suggest(wrong[1], re.findall(r"[\w-]+", wrong[2]))
        return ""

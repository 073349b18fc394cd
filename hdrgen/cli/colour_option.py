"""The colours that results are written in."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdrgen.io import ColourSpace

NAMES = ("bt709", "display-p3", "bt2020")
"""Of `hdrgen.io.COLOUR_SPACES`, which a parser does without."""


def add_colour_argument(parser: ArgumentParser, usual: str) -> None:
    """--colour-space, also in American spelling."""
    names = ("--colour-space", "--color-space")
    parser.add_argument(*names, choices=NAMES, help=f"convert the result to it (default: {usual})")


def colour_space(options: Namespace) -> ColourSpace | None:
    """The colour space that was typed; None where none was."""
    from hdrgen.io import colour_space_named

    return None if options.colour_space is None else colour_space_named(options.colour_space)

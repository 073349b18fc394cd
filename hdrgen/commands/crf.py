"""`hdrgen crf`: the response of a camera from an exposure stack, as a curve to look at and a file to use again."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    add_bracket_arguments,
    add_config_argument,
    add_output_arguments,
    add_size_argument,
    brackets_of,
    for_each,
    joined,
    output_files,
    refuse_existing,
    with_config,
)
from hdrgen.errors import InputError

if TYPE_CHECKING:
    from hdrgen.bracket import Bracket

DISAGREE = 0.3  # stops; good brackets are far below


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Estimate the response of a camera from exposures of a scene: NAME.json, for `merge --response` and"
        " `expose --crf`, and a plot beside it. Says by how many stops the frames then still disagree.",
    )
    add_bracket_arguments(options)
    add_output_arguments(options, "file (.json); a folder for several scenes (default: SCENE_crf.json here)")
    options.add_argument("--method", choices=("debevec", "robertson"), default="debevec", help="(default: %(default)s)")
    options.add_argument(
        "--plot", choices=("svg", "png", "none"), default="svg", help="of the curves (default: %(default)s)"
    )
    add_size_argument(options)
    add_config_argument(options, "method: robertson")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Estimate a response from every bracket.

    Raises:
        InputError: See `hdrgen merge`; linear photographs, whose response is known.
    """
    options = parser(verb).parse_args(joined(with_config(arguments)))
    brackets = brackets_of(options)
    outputs = output_files(options.output, [bracket.name for bracket in brackets], "_crf.json")
    wrong = next((output for output in outputs if output.suffix.lower() != ".json"), None)
    if wrong is not None:
        raise InputError(f"{wrong}: expected a name that ends in .json; the plot is written beside it")
    plots = [output.with_suffix(f".{options.plot}") for output in outputs if options.plot != "none"]
    refuse_existing([*outputs, *plots], options.overwrite)
    pairs = list(zip(brackets, outputs, strict=True))
    for_each(pairs, "scenes", lambda pair: _estimate(*pair, options.method, options.plot, options.max_megapixels))


def _estimate(bracket: Bracket, output: Path, method: str, plot: str, max_megapixels: float) -> None:
    import torch

    from hdrgen.bracket import BracketPixels, write_plot
    from hdrgen.camera import calibrate_debevec, calibrate_robertson, response_residual, save_response

    pixels = BracketPixels.read(bracket, max_megapixels)
    if pixels.linear:
        raise InputError(
            f"{bracket.name}: expected encoded photographs (JPEG, PNG), found linear ones, which need no response;"
            " merge them as they are"
        )
    sample, ev = pixels.sample(), torch.tensor(bracket.ev)
    try:
        response = (calibrate_robertson if method == "robertson" else calibrate_debevec)(sample, ev)
    except InputError as error:
        raise InputError(f"{bracket.name}: {error}", error.argument) from error
    residual = response_residual(sample, ev, response)
    facts = {"method": method, "residual_stops": residual, "files": [frame.path.name for frame in bracket.frames]}
    save_response(response, output, facts)
    written = ""
    if plot != "none":
        path = output.with_suffix(f".{plot}")
        write_plot(path, response, f"{bracket.name}: {method}, frames agree within {residual:.2g} stops")
        written = f", plot {path}"
    if residual > DISAGREE:
        warnings.warn(
            f"{bracket.name}: the frames disagree by {residual:.2g} stops under this curve; check the exposures, align"
            " the frames, leave out moving things and borders",
            stacklevel=2,
        )
    count = len(bracket.frames)
    print(f"{output}: {count} exposures ordered by {bracket.order}, {method}, residual {residual:.3g} stops{written}")

"""`hdrgen crf`: the response of a camera, from an exposure stack or from a single photograph, as a curve and a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    add_bracket_arguments,
    add_config_argument,
    add_network_arguments,
    add_output_arguments,
    add_size_argument,
    add_white_argument,
    asked_network,
    bracket_of,
    bracket_scenes,
    for_each,
    joined,
    output_files,
    refuse_existing,
    trained_network,
    white_of,
    with_config,
)
from hdrgen.errors import InputError

if TYPE_CHECKING:
    from argparse import Namespace

    from hdrgen.bracket import Bracket
    from hdrgen.camera import CameraResponse
    from hdrgen.io import Scene

MIDDLE_GREY = 118
"""Code of 18 % in sRGB."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Estimate the response of a camera from exposures of a scene: NAME.json, for `merge --response` and"
        " `expose --crf`, and a plot beside it. Says by how many stops the frames then still disagree; exposures all"
        " wrong by one factor agree as well, with another curve. Of one photograph alone, a network estimates it.",
    )
    add_bracket_arguments(options)
    add_output_arguments(options, "file (.json); a folder for several scenes (default: SCENE_crf.json here)")
    options.add_argument(
        "--method",
        choices=("debevec", "robertson"),
        help="for exposures (default: debevec); robertson needs uneven steps",
    )
    options.add_argument(
        "--fit-exposures",
        action="store_true",
        help="by the pixels, in turns with the curve; the first and the last keep their distance",
    )
    add_white_argument(options)
    add_network_arguments(options, "the network for one photograph (default: the packaged weights)")
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
    single = _only_photograph(options)
    scenes = [] if single else bracket_scenes(options)
    names = [single.stem] if single else [scene.name for scene in scenes]
    outputs = output_files(options.output, names, "_crf.json")
    wrong = next((output for output in outputs if output.suffix.lower() != ".json"), None)
    if wrong is not None:
        raise InputError(f"{wrong}: expected a name that ends in .json; the plot is written beside it")
    plots = [output.with_suffix(f".{options.plot}") for output in outputs if options.plot != "none"]
    sources = [single] if single else [path for scene in scenes for path in scene.photographs]
    refuse_existing([*outputs, *plots], options.overwrite, sources)
    if single:
        return _estimate_from_one(single, outputs[0], options)

    from hdrgen.io import tell_single

    tell_single(scenes)

    def estimate(pair: tuple[Scene, Path]) -> None:
        _estimate(options, bracket_of(options, pair[0]), pair[1])

    for_each(list(zip(scenes, outputs, strict=True)), "scenes", estimate)


def _only_photograph(options: Namespace) -> Path | None:
    """The photograph, where one file is all that was typed.

    Raises:
        InputError: An option that one photograph or several exposures have no use for.
    """
    paths = [Path(each).expanduser() for each in options.files]
    single = paths[0] if len(paths) == 1 and paths[0].is_file() else None
    network = asked_network(options)
    if single and options.method:
        raise InputError(f"--method {options.method} needs several exposures, found {single} alone; leave --method out")
    if single and options.fit_exposures:
        raise InputError(f"--fit-exposures needs several exposures, found {single} alone; leave it out")
    if not single and network:
        raise InputError(f"{network} is for one photograph, found several; leave it out, or name one file")
    return single


def _estimate_from_one(path: Path, output: Path, options: Namespace) -> None:
    from hdrgen.camera import SRGB, save_response
    from hdrgen.data import photograph_of
    from hdrgen.io import read_image
    from hdrgen.methods import InverseCamera, load_method

    network = trained_network(options, default=True)
    method = load_method(network)
    if not isinstance(method, InverseCamera):
        raise InputError(
            f"{network}: expected a network that estimates cameras, InverseCamera, found {type(method).__name__}"
        )
    picture = read_image(path, max_megapixels=options.max_megapixels)
    if picture.linear:
        raise InputError(f"{path}: expected a photograph as cameras encode it, found a linear one, which has no curve")
    response = method.camera(photograph_of(picture))
    save_response(response, output, {"method": network.stem, "files": [path.name]})
    plot = _plotted(output, options.plot, response, f"{path.stem}: {network.stem}")
    grey, of_srgb = (stops_below_white(each, MIDDLE_GREY) for each in (response, SRGB()))
    print(
        f"{output}: from {path.name} alone, by {network.stem}; code {MIDDLE_GREY} of 255 is {grey:.1f} stops below"
        f" white (sRGB: {of_srgb:.1f}){plot}"
    )


def stops_below_white(response: CameraResponse, code: int) -> float:
    """How far below white the exposure of a grey code of 8 bits is."""
    import numpy as np

    return -float(np.log2(response.inverse(np.full((3, 1, 1), code / 255, np.float32)).mean()))


def _plotted(output: Path, plot: str, response: CameraResponse, title: str) -> str:
    """Draw the curves beside a file of them; returns what to say of it."""
    from hdrgen.bracket import write_plot

    if plot == "none":
        return ""
    return f", plot {write_plot(output.with_suffix(f'.{plot}'), response, title)}"


def _estimate(options: Namespace, bracket: Bracket, output: Path) -> None:
    from hdrgen.bracket import (
        FEWEST_PIXELS,
        BracketPixels,
        calibrated,
        fit_bracket,
        tell_disagreement,
    )
    from hdrgen.camera import calibrate_debevec, save_response

    method = options.method or "debevec"
    pixels = BracketPixels.read(bracket, options.max_megapixels, white=white_of(options))
    if pixels.linear:
        raise InputError(
            f"{bracket.name}: expected encoded photographs (JPEG, PNG), found linear ones, which need no response;"
            " merge them as they are"
        )
    height, width = pixels.size
    if height * width < FEWEST_PIXELS:
        expected = f"expected photographs of at least {FEWEST_PIXELS} pixels to estimate a response from"
        raise InputError(f"{bracket.name}: {expected}, found {width} x {height}; pass larger ones")
    about_fit = fit_bracket(pixels, method, "estimate") if options.fit_exposures else ""
    sample, bracket = pixels.sample(), pixels.bracket
    response = calibrated(bracket.name, method, sample, bracket.ev)
    agreement = tell_disagreement(bracket, sample, response, "estimated from them", calibrate_debevec)
    facts = {
        "method": method,
        "residual_stops": agreement.residual,
        "files": [frame.path.name for frame in bracket.frames],
    }
    save_response(response, output, facts)
    written = _plotted(output, options.plot, response, f"{bracket.name}: {method}{agreement}")
    about = f"{method}, residual {agreement.residual:.3g} stops{about_fit}{f', {pixels.white}' if pixels.white else ''}"
    print(f"{output}: {len(bracket.frames)} exposures ordered by {bracket.order}, {about}{written}")

"""`hdrgen expand`: single photographs to HDR with a trained network, by way of `hdrgen predict`."""

from __future__ import annotations

import inspect
import json
import os
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli import (
    CommandParser,
    add_colour_argument,
    add_config_argument,
    add_network_arguments,
    add_size_argument,
    add_skip_argument,
    add_white_argument,
    asked_network,
    check_skipping,
    exposure_values,
    joined,
    results_folder,
    trained_network,
    white_of,
    with_config,
    word_of,
)
from hdrgen.errors import InputError

if TYPE_CHECKING:
    from hdrgen.methods import HDRModule

OWN = "own"
"""Typed in place of exposures: those that the method makes by itself."""
OF_METHOD = "--model."
"""Beginning of the options that set an argument of the method."""
MOST_STOPS = 6
DEFAULT = "exr"
FOLDER = "expanded"
SUFFIXES = (
    *(".exr", ".hdr", ".tif", ".tiff", ".jxl", ".avif", ".png", ".jpg", ".jpeg", ".heic", ".heif", ".pfm"),
    *(".dng", ".webp", ".bmp", ".gif", ".pic", ".rgbe"),
)
"""By which -o names a file and not a folder."""
FORMATS = ("exr", "hdr", "tif", "jxl", "avif", "pq.png", "uhdr.jpg")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Make HDR images of single photographs with a trained network: FOLDER/NAME/NAME.exr and"
        " NAME_preview.jpg, with --ev also the exposures NAME_ev-2.0.png ... With -o FILE, that alone.",
    )
    options.add_argument("photographs", nargs="+", metavar="PHOTO", help="photographs, folders, or patterns")
    add_network_arguments(options, "the trained method (default: the packaged weights)")
    options.add_argument(
        "--ev",
        metavar="EVs",
        help="also write exposures, such as -3:3:0.5 or -2,0,2; own: those that the method makes unasked. Methods that"
        " merge exposures to radiance merge these",
    )
    options.add_argument(
        "--stops",
        type=float,
        help=f"above white at most, 0 to {MOST_STOPS}: where a photograph would have more, all of them shrink in"
        " proportion; 0 is the linearised photograph (default: as estimated)",
    )
    options.add_argument(
        "--response",
        help="of the camera, in place of an estimate: linear, srgb, gamma:2.2, FILE or FILE:CURVE; RAW is linear",
    )
    add_white_argument(options)
    options.add_argument(
        "-o",
        "--output",
        help=f"folder (default: {FOLDER}, of weights by name {FOLDER}_NAME); of one photograph, a file in one of the"
        " formats",
    )
    options.add_argument("--overwrite", action="store_true", help="replace existing results")
    add_skip_argument(options)
    options.add_argument(
        "--formats", default=DEFAULT, help=f"of the HDR image: some of {','.join(FORMATS)} (default: %(default)s)"
    )
    options.add_argument("--clean", action="store_true", help="replace NaN, infinite and negative pixels of radiance")
    options.add_argument("--no-exposures", action="store_true", help="with --ev: merge these, and write none")
    options.add_argument("--no-preview", action="store_true", help="write no preview")
    options.add_argument(
        "--tile", default="auto", help="side of tiles for large photographs, auto, or none (default: %(default)s)"
    )
    add_colour_argument(options, "that of the photograph; of avif, jxl and pq.png bt2020")
    options.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="(default: %(default)s)")
    options.add_argument(
        "--model",
        metavar="CLASS",
        help="import path of a method that is not part of hdrgen. --model.NAME VALUE sets an argument of the method, as"
        " for hdrgen predict: --model.until linearisation uses SingleHDR's first two networks alone",
    )
    add_size_argument(options)
    add_config_argument(options, "ckpt_path: last.ckpt")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Expand every photograph, and say where its files are.

    Raises:
        InputError: No such photograph, checkpoint or exposure; a method for several photographs; results that exist.
    """
    words, of_method = method_apart(with_config(arguments))
    options = parser(verb).parse_args(joined(words))
    check_skipping(options)
    file = _file(options)
    formats = options.formats.split(",")
    if set(formats) - set(FORMATS):
        raise InputError(f"--formats: expected some of {', '.join(FORMATS)}, found {options.formats!r}")
    if options.stops is not None and not 0 <= options.stops <= MOST_STOPS:
        raise InputError(f"--stops: expected 0 to {MOST_STOPS} stops above white, found {options.stops:g}")
    # Threads that wait for work sleep: spinning, as OpenMP's do otherwise, they take the cores of other programs.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # read when torch is imported
    from hdrgen.cli import run_lightning
    from hdrgen.io import find_images

    photographs = [str(path) for path in find_images(options.photographs)]
    if file and len(photographs) > 1:
        raise InputError(f"-o {file}: expected a folder for {len(photographs)} photographs, found a file name")
    if options.skip_existing and _all_there(options, formats, photographs):
        return
    checkpoint = trained_network(options, default=True)
    method = _method(checkpoint, options.model)
    chosen = [
        *_exposures(options.ev, method, checkpoint),
        *_stops(options.stops, method),
        *of_method,
        f"--writer.about={_about(method, checkpoint)}",
    ]
    run_lightning(
        "predict", [*_predict_arguments(options, checkpoint, formats), *chosen, "--data.predict", *photographs]
    )


def method_apart(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words of this verb, and those that set arguments of the method, each with its value.

    >>> method_apart(["a.jpg", "--model.until", "linearisation", "--model.most-stops=2", "-o", "x"])
    (['a.jpg', '-o', 'x'], ['--model.until=linearisation', '--model.most_stops=2'])

    Raises:
        InputError: One without a value.
    """
    own: list[str] = []
    of_method: list[str] = []
    words = iter(arguments)
    for word in words:
        name, has_value, value = word.partition("=")
        if not name.startswith(OF_METHOD):
            own.append(word)
            continue
        given = value if has_value else next(words, "--")
        if not has_value and given.startswith("--"):
            raise InputError(f"{name}: expected a value, found none")
        of_method.append(f"{OF_METHOD}{name.removeprefix(OF_METHOD).replace('-', '_')}={given}")
    return own, of_method


def _file(options: Namespace) -> Path | None:
    """The one file that -o names, which then says the format; None where it is a folder.

    Raises:
        InputError: A format that is not written, or another than --formats says; exposures beside the one file.
    """
    file = Path(options.output or "")
    if file.suffix.lower() not in SUFFIXES or file.is_dir():
        options.output, options.name = options.output or results_folder(FOLDER, asked_network(options)), None
        return None
    named = [suffix for suffix in FORMATS if file.name.endswith(f".{suffix}") and len(file.name) > len(suffix) + 1]
    if not named:
        raise InputError(f"-o {file}: expected a folder, or a file that ends in .{', .'.join(FORMATS)}")
    if options.formats not in (DEFAULT, named[0]):
        raise InputError(f"-o {file}: expected a folder for --formats {options.formats}, found a file name")
    if options.ev is not None and not options.no_exposures:
        raise InputError(f"-o {file}: expected a folder for the exposures of --ev; or pass --no-exposures")
    options.formats, options.no_preview = named[0], True
    options.output, options.name = str(file.parent), file.name
    return file


def _all_there(options: Namespace, formats: Sequence[str], photographs: Sequence[str]) -> bool:
    """Whether nothing is left to do, which is told then; `predict` tells it where something is."""
    from hdrgen.callbacks import PredictionWriter, ResultFiles
    from hdrgen.cli import all_exist
    from hdrgen.data import Photographs

    if options.ev == OWN:  # only the method knows which files these are
        return False
    writer = PredictionWriter(options.output)
    exposures = None if options.no_exposures or options.ev is None else writer.exposures
    preview = None if options.no_preview else writer.preview
    files = ResultFiles(writer.folder, formats, exposures, preview, options.name)
    ev = exposure_values(options.ev) if options.ev else ()
    done = sum(files.complete(scene, ev) for scene in Photographs(photographs).names)
    return done == len(photographs) and all_exist(done, done, "scenes")


def _predict_arguments(options: Namespace, checkpoint: Path, formats: Sequence[str]) -> list[str]:
    """The options as arguments of `hdrgen predict`."""
    typed = [f"--ckpt_path={checkpoint}", f"--tile={options.tile}", f"--writer.radiance={json.dumps(formats)}"]
    typed += [f"--model={options.model}"] if options.model else []
    typed.append(f"--output={options.output}")
    typed += ["--overwrite"] if options.overwrite else []
    typed += [f"--response={options.response}"] if options.response else []
    typed += ["--data.clean=true"] if options.clean else []
    typed += [f"--data.white={json.dumps(white_of(options))}"] if options.white else []
    typed += ["--skip_existing"] if options.skip_existing else []
    typed += ["--writer.exposures=null"] if options.no_exposures or options.ev is None else []
    typed += ["--writer.preview=null"] if options.no_preview else []
    typed += [f"--writer.name={options.name}"] if options.name else []
    typed += [f"--writer.colour_space={options.colour_space}"] if options.colour_space else []
    typed.append("--data.own_radiance=true")
    typed.append(f"--data.max_megapixels={options.max_megapixels:g}")
    return [*typed, "--trainer.enable_model_summary=false", f"--trainer.accelerator={options.device}"]


def _stops(most: float | None, method: HDRModule) -> list[str]:
    """The arguments that keep radiance within so many stops above white: the method's, where it limits its gains."""
    if most is None:
        return []
    own = "most_stops" in inspect.signature(type(method)).parameters
    return [f"--writer.most_stops={most:g}", *([f"--model.most_stops={most:g}"] if own else [])]


def _about(method: HDRModule, checkpoint: Path) -> str:
    """What made the results, in words."""
    package = Path(__file__).parents[1]
    weights = checkpoint.stem if checkpoint.resolve().is_relative_to(package) else str(checkpoint)
    return f"by {type(method).__name__}, weights {weights}"


def _method(checkpoint: Path, model: str | None) -> HDRModule:
    """The method of a checkpoint, or the class that `--model` names, without its weights."""
    from hdrgen.methods import build, method_in
    from hdrgen.weights import read_checkpoint

    return build(method_in(read_checkpoint(checkpoint), checkpoint, model))


def _exposures(typed: str | None, method: HDRModule, checkpoint: Path) -> list[str]:
    """The argument of `hdrgen predict` for the exposures, once it is clear that the method can make them.

    Raises:
        InputError: A method for several photographs, one that chooses the exposures itself, or cannot make these.
    """
    import torch

    name = type(method).__name__
    if method.input != "photograph":
        raise InputError(
            f"{name} takes several exposures of a scene, not one photograph; see hdrgen merge --method {word_of(name)}"
            f" --ckpt_path {checkpoint}, or hdrgen predict"
        )
    if typed is None or (typed == OWN and method.generates):
        return []
    if not method.generates:
        raise InputError(f"--ev: {name} makes radiance without exposures; leave --ev out")
    if "stack_ev" not in inspect.signature(type(method)).parameters:
        raise InputError(f"--ev: {name} chooses the exposures by itself; pass --ev {OWN}")
    stops = exposure_values(typed)
    if len(stops) < 2:
        raise InputError(f"--ev: expected at least two exposures to merge, found {typed!r}; pass for example -2,0,2")
    method.check_ev(torch.tensor(stops))
    return [f"--model.stack_ev={json.dumps(stops)}"]

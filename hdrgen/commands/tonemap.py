"""`hdrgen tonemap`: pictures of HDR images."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import (
    CommandParser,
    add_colour_argument,
    add_config_argument,
    add_output_arguments,
    add_size_argument,
    add_skip_argument,
    colour_space,
    for_each,
    left_to_do,
    output_files,
    with_config,
)
from hdrgen.commands.finishing import Finish, PictureOptions, add_picture_arguments, format_of, wants_plain_help
from hdrgen.errors import InputError
from hdrgen.plugins import plugins

WORKING_BYTES = 85
"""For each pixel at the peak of the hungriest operator, measured by `benchmarks/verb_memory.py`."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb, without those of an operator."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Make pictures of HDR images: NAME_OPERATOR.jpg of each (with --preset NAME_PRESET.jpg), or what -o"
        " says.",
        epilog=f"`hdrgen {verb} --operators` lists all parameters, `hdrgen {verb} --operator NAME --help` one's.",
    )
    options.add_argument("files", nargs="*", metavar="HDR", help="files (.hdr .exr float .tif RAW), folders, patterns")
    options.add_argument("--operators", action="store_true", help="list the operators with their parameters")
    exposure = "brighten the radiance beforehand, for operators that do not adapt to each image"
    options.add_argument("--exposure", type=float, default=0.0, metavar="STOPS", help=exposure)
    add_picture_arguments(options, "of the pictures; png16 and tif have 16 bits (default: jpg)")
    add_colour_argument(options, "bt709, that of sRGB")
    options.add_argument("--clean", action="store_true", help="replace NaN, infinite and negative pixels")
    add_config_argument(options, "operator: drago2003")
    add_size_argument(options)
    add_output_arguments(options, "picture, whose suffix sets the format, or folder (default: the current one)")
    add_skip_argument(options)
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write a picture of every image, or list the operators.

    Raises:
        InputError: No image, no HDR image, a parameter that the operator does not have, or a picture that exists.
    """
    arguments = with_config(arguments)
    if wants_plain_help(arguments):
        parser(verb).parse_args(["--help"])  # and done, without torch
    operators = PictureOptions(parser(verb), arguments)
    options, finish = operators.parse_finish(arguments)
    from hdrgen.tonemap import all_operators

    if options.operators:
        print("\n".join(PictureOptions(parser(verb), [f"--operator={name}"]).described() for name in all_operators()))
        for other in plugins("tonemap"):
            print(f"{other.name}\n    of the package {other.package}; hdrgen {verb} --operator {other.name} --help")
        return
    if options.exposure and operators.operator.adapts:
        absolute = ", ".join(name for name, one in all_operators().items() if not one.adapts)
        raise InputError(
            f"--exposure changes nothing, since {operators.name} adapts to each image; {operators.brighter}, or take"
            f" {absolute}"
        )
    _check(options)
    _map_files(options, finish)


def _check(options: argparse.Namespace) -> None:
    if not options.files:
        raise InputError("expected HDR images, folders or patterns, found none; name at least one")
    if not -100 < options.exposure < 100:
        raise InputError(f"expected an exposure between -100 and 100 stops, found {options.exposure}")


def _map_files(options: argparse.Namespace, finish: Finish) -> None:
    from tqdm import tqdm

    sources, form = _sources(options.files), format_of(options)
    targets = output_files(options.output, [f"{stem}_{finish.name}" for stem in _stems(sources)], form.suffix)
    pairs = left_to_do(list(zip(sources, targets, strict=True)), lambda pair: pair[1:], options, "pictures", sources)

    def map_one(pair: tuple[Path, Path]) -> None:
        source, target = pair
        start = time.perf_counter()
        size = _map_file(source, target, finish, form.bits, options)
        line = f"{source} -> {target}: {size}, {finish.words}, {time.perf_counter() - start:.1f} s"
        tqdm.write(line if size else f"{source}: left out, it holds display values")

    for_each(tqdm(pairs, finish.name, unit="image", leave=False, disable=None), "images", map_one)


def _sources(files: Sequence[str]) -> list[Path]:
    """The images among what was typed; those that folders and patterns name are left out where they are no HDR images.

    Raises:
        InputError: None of them is an HDR image.
    """
    from hdrgen.io import find_images

    sources = [path for path in find_images(files) if path in map(Path, files) or not _is_display(path)]
    if not sources:
        raise InputError(f"{files[0]}: expected HDR images (.hdr .exr float .tif RAW), found display images only")
    return sources


def _is_display(path: Path) -> bool:
    """Whether a file holds display values only, by its suffix, or a PNG by its curve; .uhdr.jpg holds more."""
    from hdrgen.io import is_hdr_png

    suffix = path.suffix.lower()
    if suffix == ".png":
        return not is_hdr_png(path)
    return suffix in (".jpg", ".jpeg") and Path(path.stem).suffix.lower() != ".uhdr"


def _stems(sources: Sequence[Path]) -> list[str]:
    """Names of the images, with their kind where that alone tells two apart: `scene_exr`, `scene_hdr`."""
    stems = [source.stem for source in sources]
    kinds = [source.suffix[1:] for source in sources]
    return [f"{stem}_{kind}" if stems.count(stem) > 1 else stem for stem, kind in zip(stems, kinds, strict=True)]


def _map_file(source: Path, target: Path, finish: Finish, bits: int, options: argparse.Namespace) -> str:
    """Write one picture.

    Returns:
        Its size in words; nothing for display values that nobody asked for by name.

    Raises:
        InputError: Display values, asked for by name.
    """
    import numpy as np

    from hdrgen.io import BT709, Tags, converted, read_image

    image = read_image(
        source,
        clean=options.clean,
        gain_map=True,
        max_megapixels=options.max_megapixels,
        working_bytes=WORKING_BYTES,
    )
    if not image.linear and source not in map(Path, options.files):
        return ""
    if not image.linear:
        raise InputError(f"{source}: expected an HDR image, found display values, which can be looked at as they are")
    space, colours = colour_space(options), image.chromaticities or BT709.chromaticities
    display_colours = (space or BT709).chromaticities
    tags = Tags(image.exposure, image.camera, display_colours if space else None, made=True)
    size = f"{image.pixels.shape[1]} x {image.pixels.shape[0]}"
    radiance = converted(image.as_float(), colours, display_colours)
    del image  # half a gigabyte for a photograph of 24 megapixels
    if options.exposure:
        radiance = radiance * np.float32(2.0**options.exposure)
    finish.write(target, radiance, bits, tags)
    return size

"""`hdrgen tonemap`: pictures of HDR images."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hdrgen.cli import (
    CommandParser,
    OperatorOptions,
    add_colour_argument,
    add_config_argument,
    add_output_arguments,
    add_size_argument,
    add_skip_argument,
    colour_space,
    for_each,
    left_to_do,
    output_files,
    value_of,
    with_config,
)
from hdrgen.errors import InputError

if TYPE_CHECKING:
    from hdrgen.tonemap import Operator

USUAL = "reinhard2002"
WORKING_BYTES = 85
"""For each pixel at the peak of the hungriest operator, measured by `benchmarks/verb_memory.py`."""
OPERATORS = "drago2003, exposure_fusion, kim_kautz2008, layer_decomposition, mu_law, reinhard2002, reinhard2005"
"""For the help alone, which does without torch; a test compares them with `hdrgen.tonemap.all_operators`."""


class PictureFormat(NamedTuple):
    """A kind of picture to write: the suffix of its files, and the bits of each channel."""

    suffix: str
    bits: int


FORMATS = {
    "jpg": PictureFormat(".jpg", 8),
    "png": PictureFormat(".png", 8),
    "png16": PictureFormat(".png", 16),
    "tif": PictureFormat(".tif", 16),
    "tif8": PictureFormat(".tif", 8),
}
_SUFFIXES = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".tif": "tif", ".tiff": "tif"}


def parser(verb: str) -> CommandParser:
    """The arguments of this verb, without those of an operator."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Make pictures of HDR images: NAME_OPERATOR.jpg of each, or what -o says.",
        epilog=f"`hdrgen {verb} --operators` lists all parameters, `hdrgen {verb} --operator NAME --help` one's.",
    )
    options.add_argument("files", nargs="*", metavar="HDR", help="files (.hdr .exr float .tif RAW), folders, patterns")
    operator = f"{OPERATORS} (default: %(default)s)"
    options.add_argument("--operator", default=USUAL, metavar="NAME", help=operator)
    options.add_argument("--operators", action="store_true", help="list the operators with their parameters")
    exposure = "brighten the radiance beforehand, for operators that do not adapt to each image"
    options.add_argument("--exposure", type=float, default=0.0, metavar="STOPS", help=exposure)
    options.add_argument("--format", choices=FORMATS, help="of the pictures; png16 and tif have 16 bits (default: jpg)")
    options.add_argument("--quality", type=int, default=95, help="of JPEG, 1 to 100 (default: %(default)s)")
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
    chosen = value_of(arguments, "--operator")
    if chosen is None and {"-h", "--help"} & set(arguments):
        parser(verb).parse_args(["--help"])  # and done, without torch
    operators = OperatorOptions(parser(verb), chosen or USUAL)
    options, operator = operators.parse(arguments)
    from hdrgen.tonemap import all_operators

    if options.operators:
        print("\n".join(OperatorOptions(parser(verb), name).described() for name in all_operators()))
        return
    if options.exposure and operator.adapts:
        absolute = ", ".join(name for name, one in all_operators().items() if not one.adapts)
        raise InputError(
            f"--exposure changes nothing, since {operators.name} adapts to each image; {operators.brighter}, or take"
            f" {absolute}"
        )
    _check(options)
    _map_files(options, operators.name, operator)


def _check(options: argparse.Namespace) -> None:
    if not options.files:
        raise InputError("expected HDR images, folders or patterns, found none; name at least one")
    if not -100 < options.exposure < 100:
        raise InputError(f"expected an exposure between -100 and 100 stops, found {options.exposure}")
    if not 1 <= options.quality <= 100:
        raise InputError(f"expected a JPEG quality from 1 to 100, found {options.quality}")


def _map_files(options: argparse.Namespace, name: str, operator: Operator) -> None:
    from tqdm import tqdm

    sources, form = _sources(options.files), _format(options)
    targets = output_files(options.output, [f"{stem}_{name}" for stem in _stems(sources)], form.suffix)
    pairs = left_to_do(list(zip(sources, targets, strict=True)), lambda pair: pair[1:], options, "pictures")

    def map_one(pair: tuple[Path, Path]) -> None:
        source, target = pair
        start = time.perf_counter()
        size = _map_file(source, target, operator, form, options)
        line = f"{source} -> {target}: {size}, {name}, {time.perf_counter() - start:.1f} s"
        tqdm.write(line if size else f"{source}: left out, it holds display values")

    for_each(tqdm(pairs, name, unit="image", leave=False, disable=None), "images", map_one)


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


def _format(options: argparse.Namespace) -> PictureFormat:
    """As --format says, or the suffix of the output, or JPEG.

    Raises:
        InputError: The two disagree, or no format has that suffix.
    """
    output: Path | None = options.output
    if output is None or output.is_dir() or not output.suffix:
        return FORMATS[options.format or "jpg"]
    from hdrgen.io import suffix_of

    suffix = suffix_of(output)
    if suffix not in _SUFFIXES:
        raise InputError(f"{output}: expected one of the suffixes {' '.join(_SUFFIXES)}, found {suffix!r}")
    form = FORMATS[options.format or _SUFFIXES[suffix]]
    if FORMATS[_SUFFIXES[suffix]].suffix != form.suffix:
        raise InputError(f"{output}: its suffix and --format {options.format} disagree; leave one out")
    return form


def _map_file(source: Path, target: Path, operator: Operator, form: PictureFormat, options: argparse.Namespace) -> str:
    """Write one picture.

    Returns:
        Its size in words; nothing for display values that nobody asked for by name.

    Raises:
        InputError: Display values, asked for by name.
    """
    import torch

    from hdrgen.io import BT709, Tags, converted, read_image, write_image

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
    radiance = torch.from_numpy(converted(image.as_float(), colours, display_colours)).permute(2, 0, 1)
    del image  # half a gigabyte for a photograph of 24 megapixels
    with torch.inference_mode():
        display = operator(radiance * 2.0**options.exposure if options.exposure else radiance)
    del radiance
    pixels = display.permute(1, 2, 0).numpy()
    quality = options.quality if form.suffix == ".jpg" else None
    write_image(target, pixels, bits=form.bits, quality=quality, **vars(tags))
    return f"{pixels.shape[1]} x {pixels.shape[0]}"

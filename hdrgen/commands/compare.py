"""`hdrgen compare`: every metric of two images, or of the images of two folders."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from hdrgen.cli import CommandParser, add_config_argument, add_output_arguments, refuse_existing, with_config
from hdrgen.comparison import ALIGNMENTS, DTYPES, ENCODINGS, LPIPS_NETWORKS, PPD, ComparisonSettings
from hdrgen.errors import InputError

USUAL = ComparisonSettings()
FORMATS = (".csv", ".json")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Compare an image with its truth, or the images of a folder with those of the same name in another."
        " Radiance (.exr, .hdr, .npy and floating point TIFF) is judged by the HDR metrics, display values (PNG, JPEG)"
        " by PSNR and SSIM.",
    )
    options.add_argument("reference", type=Path, metavar="REFERENCE", help="the truth: an image or a folder of them")
    options.add_argument("test", type=Path, metavar="TEST", help="what is compared with it: the same")
    options.add_argument(
        "--metrics",
        type=_names,
        metavar="A,B",
        help="names as `hdrgen metrics` lists them (default: all for such images that need no weights or packages)",
    )
    _add_scale(options.add_argument_group("scale of radiance"))
    _add_viewing(options.add_argument_group("viewing, for hdr_vdp2 and cvvdp"))
    _add_parameters(options.add_argument_group("parameters of other metrics"))
    options.add_argument("--json", action="store_true", help="print a JSON object for each pair, on a line of its own")
    add_output_arguments(options, "also write the numbers to this .csv or .json file")
    add_config_argument(options, "metrics: [psnr, ssim]")
    return options


def _add_scale(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--align-scale",
        choices=ALIGNMENTS,
        default=USUAL.align_scale,
        metavar="RULE",
        help=f"bring both images to one scale first: {', '.join(ALIGNMENTS)} (default: %(default)s)",
    )
    group.add_argument(
        "--luminance",
        type=_positive,
        default=USUAL.luminance,
        metavar="CD_M2",
        help="cd/m2 of the value 1, after alignment; 1 where files are absolute (default: %(default)s)",
    )
    group.add_argument("--clean", action="store_true", help="replace NaN, infinite and negative values in files")


def _add_viewing(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--ppd", type=_positive, help=f"pixels per degree of visual angle (default: {PPD:g})")
    group.add_argument("--display-inches", type=_positive, metavar="INCHES", help="instead of --ppd: display diagonal,")
    group.add_argument("--resolution", type=_resolution, metavar="WxH", help="its pixels, such as 1920x1080,")
    group.add_argument("--distance", type=_positive, metavar="METRES", help="and how far away it is")
    group.add_argument(
        "--encoding",
        choices=ENCODINGS,
        default=USUAL.encoding,
        metavar="NAME",
        help=f"what the values are for hdr_vdp2: {', '.join(ENCODINGS)} (default: %(default)s); where they are XYZ,"
        " BT.709 is made for the other metrics",
    )


def _add_parameters(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--mu", type=_positive, default=USUAL.mu, help="of the mu-law (default: %(default)s)")
    group.add_argument(
        "--crf-correction", action="store_true", help="undo a global difference of tone and colour before PU21 metrics"
    )
    group.add_argument(
        "--lpips-network", choices=LPIPS_NETWORKS, default=USUAL.lpips_network, help="(default: %(default)s)"
    )
    group.add_argument("--lpips-weights", metavar="FILE", help="its ImageNet weights (default: torch.hub's cache)")
    group.add_argument("--dtype", choices=DTYPES, default=USUAL.dtype, help="of all arithmetic (default: %(default)s)")


def run(verb: str, arguments: Sequence[str]) -> None:
    """Measure every pair, and print and write the numbers.

    Raises:
        InputError: Files that cannot be compared, or by these metrics.
    """
    options = parser(verb).parse_args(with_config(arguments))
    if options.output is not None:
        _check_output(options.output, options.overwrite)
    from hdrgen.comparison import as_json, as_text, compare_pairs, find_pairs, write_comparisons  # torch

    results = []
    for result in compare_pairs(find_pairs(options.reference, options.test), _settings(options)):
        results.append(result)
        if options.json:
            print(as_json(result), flush=True)
    if not options.json:
        print(as_text(results))
    if options.output is not None:
        write_comparisons(results, options.output)


def _settings(options: argparse.Namespace) -> ComparisonSettings:
    given = vars(options) | {"ppd": _pixels_per_degree(options)}
    return ComparisonSettings(**{field.name: given[field.name] for field in fields(ComparisonSettings)})


def _check_output(path: Path, overwrite: bool) -> None:
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: expected a file name that ends with {' or '.join(FORMATS)}")
    refuse_existing([path], overwrite)


def _pixels_per_degree(options: argparse.Namespace) -> float | None:
    geometry = (options.display_inches, options.resolution, options.distance)
    if all(part is None for part in geometry):
        given: float | None = options.ppd
        return given
    if options.ppd is not None:
        raise InputError("expected --ppd, or a display with --display-inches, --resolution and --distance, found both")
    if any(part is None for part in geometry):
        raise InputError("pixels per degree need all of --display-inches, --resolution and --distance, or just --ppd")
    from hdrgen.metrics import pixels_per_degree

    return pixels_per_degree(*geometry)


def _names(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a positive number, found {text}")
    return value


def _resolution(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"expected a width and a height such as 1920x1080, found {text}")
    return int(width), int(height)

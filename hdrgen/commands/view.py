"""`hdrgen view`: one HTML page to look at HDR images."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from hdrgen.cli import (
    CommandParser,
    add_config_argument,
    add_size_argument,
    refuse_existing,
    with_config,
)
from hdrgen.errors import InputError

OUTPUT = Path("view.html")
SMALLEST, LARGEST = 16, 8192


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Write one HTML page to look at HDR images, which opens from disk and needs no network: exposure,"
        " tone mapping, false colours and histogram in stops, values under the pointer, and any two images on either"
        " side of a divider.",
    )
    options.add_argument(
        "files", nargs="+", metavar="IMAGE", help="HDR image, or photograph; several are compared, and have one shape"
    )
    options.add_argument(
        "--side",
        type=_side,
        default=1600,
        help=f"longer side on the page, {SMALLEST} to {LARGEST} pixels; larger ones are reduced (default: %(default)s)",
    )
    options.add_argument("--clean", action="store_true", help="replace NaN, infinite and negative pixels")
    options.add_argument("-o", "--output", type=Path, default=OUTPUT, help="the page (default: %(default)s)")
    options.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_size_argument(options)
    add_config_argument(options, "side: 2400")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Read the images and write the page.

    Raises:
        InputError: An image that cannot be read, images of several shapes, or a page that is there already.
    """
    options = parser(verb).parse_args(with_config(arguments))
    page: Path = options.output
    if page.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{page}: expected a file name that ends with .html")
    refuse_existing([page], options.overwrite)
    from hdrgen.io import find_images  # the help does without NumPy
    from hdrgen.reporting import write_view

    images = write_view(
        list(dict.fromkeys(path for file in options.files for path in find_images([file]))),  # in the order typed
        page,
        side=options.side,
        clean=options.clean,
        max_megapixels=options.max_megapixels,
    )
    print("\n".join(image.words for image in images))
    print(f"{page}: {page.stat().st_size / 1e6:.1f} MB; open it in a browser")


def _side(text: str) -> int:
    if not text.isdecimal() or not SMALLEST <= int(text) <= LARGEST:
        raise argparse.ArgumentTypeError(f"expected a whole number from {SMALLEST} to {LARGEST}, found {text}")
    return int(text)

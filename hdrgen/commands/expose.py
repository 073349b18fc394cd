"""`hdrgen expose`: an exposure stack out of an HDR image."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdrgen.cli import (
    CommandParser,
    add_colour_argument,
    add_config_argument,
    add_output_arguments,
    add_size_argument,
    add_skip_argument,
    colour_space,
    exposure_values,
    for_each,
    joined,
    left_to_do,
    with_config,
)
from hdrgen.errors import InputError

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from torch import Tensor

    from hdrgen.camera import CameraResponse
    from hdrgen.io import ColourSpace, Image, Values

BAND = 2**20
"""Pixels that are exposed at a time: 12 MB of floats, and as much again for each step in between."""
MIDDLE_GREY = 0.18
WORKING_BYTES = 30
"""For each pixel at the peak, measured by `benchmarks/verb_memory.py`."""


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Photograph an HDR image: FOLDER/NAME_ev-2.0.png for each exposure, with exposure times in their"
        " EXIF, 1 s being EV 0. Radiance 1 just reaches white at EV 0.",
    )
    options.add_argument("files", nargs="+", metavar="HDR", help="HDR images (.exr .hdr .tif), or folders with them")
    add_output_arguments(options, "folder (default: exposures)")
    add_skip_argument(options)
    options.add_argument(
        "--ev", default="-2,0,2", metavar="EVs", help="such as -2,0,2 or -3:3:0.5 (default: %(default)s)"
    )
    options.add_argument(
        "--crf", default="srgb", help="linear, srgb, gamma:2.2, FILE or FILE:CURVE (default: %(default)s)"
    )
    options.add_argument("--auto", action="store_true", help="let the median luminance be middle grey, 0.18, at EV 0")
    options.add_argument("--noise", action="store_true", help="add photon and read noise")
    options.add_argument("--full-well", type=float, default=20000.0, help="electrons at white (default: %(default)s)")
    options.add_argument("--read-noise", type=float, default=4.0, help="electrons (default: %(default)s)")
    options.add_argument("--seed", type=int, default=0, help="of the noise (default: %(default)s)")
    options.add_argument("--bits", type=int, choices=(8, 16), default=8, help="(default: %(default)s)")
    options.add_argument("--format", choices=("png", "jpg", "tif"), default="png", help="(default: %(default)s)")
    add_colour_argument(options, "that of the image")
    add_size_argument(options)
    add_config_argument(options, "crf: gamma:2.2")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Write the exposures of every image.

    Raises:
        InputError: No numbers; not an HDR image; a response that cannot be read; files that exist.
    """
    options = parser(verb).parse_args(joined(with_config(arguments)))
    stops = exposure_values(options.ev)
    if options.format == "jpg" and options.bits == 16:
        raise InputError("--bits 16: JPEG has 8 bits; pass --format png or tif")
    if options.full_well <= 0 or options.read_noise < 0:
        raise InputError(
            f"expected a full well above 0 and a read noise of 0 or more, found {options.full_well:g} and"
            f" {options.read_noise:g} electrons"
        )
    from hdrgen.io import find_images

    images = find_images(options.files)
    folder = options.output or Path("exposures")
    files = {image: [folder / _name(image, ev, options.format) for ev in stops] for image in images}
    written = [file for group in files.values() for file in group]
    if len(set(written)) < len(written):
        raise InputError("two images have the same name, and their exposures would be the same files; one by one, then")
    left = left_to_do(images, lambda image: files[image], options, "images", images)
    for_each(left, "images", lambda image: _expose(image, stops, files[image], options))


def _name(image: Path, ev: float, suffix: str) -> str:
    text = f"{ev:+.3f}".rstrip("0")
    return f"{image.stem}_ev{text}{'0' if text.endswith('.') else ''}.{suffix}"


def _expose(image: Path, stops: Sequence[float], targets: Sequence[Path], options: Namespace) -> None:
    import torch
    from tqdm import tqdm

    from hdrgen.bracket import progress
    from hdrgen.camera import response_named
    from hdrgen.io import read_image, write_image

    response = response_named(options.crf)
    hdr = read_image(
        image,
        clean=True,
        gain_map=True,
        max_megapixels=options.max_megapixels,
        working_bytes=WORKING_BYTES,
    )
    if not hdr.linear:
        raise InputError(f"{image}: expected an HDR image, found display values; `hdrgen predict` makes one of it")
    pixels, tags = _in_colours(hdr, colour_space(options))
    radiance = torch.from_numpy(pixels).permute(2, 0, 1)
    gain = _gain(radiance, options.auto)
    generator = torch.Generator().manual_seed(options.seed)
    with progress(f"{image.name}: exposing") as done:
        for index, (ev, target) in enumerate(zip(stops, targets, strict=True), 1):
            codes, clipped = _codes(radiance, gain * 2.0**ev, response, generator, options)
            exposed = replace(hdr.exposure, time=2.0**ev, ev=None)
            if options.skip_existing and target.is_file():  # it was made all the same: noise goes on from it
                continue
            write_image(target, codes, bits=options.bits, exposure=exposed, **tags)
            tqdm.write(f"{target}: EV {ev:+g}, {response.name}, {clipped:.1%} of the pixels clipped")  # above the bar
            done(index / len(stops))


def _codes(
    radiance: Tensor, factor: float, response: CameraResponse, generator: torch.Generator, options: Namespace
) -> tuple[NDArray[Any], float]:
    """The codes (H, W, 3) that a camera would store, and the share of the pixels that are clipped.

    A few rows at a time, as the steps in between would take gigabytes for a photograph of 24 megapixels.
    """
    import numpy as np

    from hdrgen.camera import add_noise, quantise
    from hdrgen.tiling import row_slices

    _, height, width = radiance.shape
    codes = np.empty((height, width, 3), np.uint8 if options.bits == 8 else np.uint16)
    clipped = 0
    for rows in row_slices(height, max(1, BAND // width)):
        exposure = radiance[:, rows].float() * factor
        if options.noise:
            electrons = {"full_well": options.full_well, "read_noise": options.read_noise}
            exposure = add_noise(exposure, generator, **electrons)
        clipped += int((exposure >= 1).any(0).sum())
        display = quantise(response(exposure.clamp(0, 1)), options.bits)
        codes[rows] = (display * (2**options.bits - 1)).round().permute(1, 2, 0).numpy()
    return codes, clipped / (height * width)


def _in_colours(image: Image, space: ColourSpace | None) -> tuple[Values, dict[str, Any]]:
    """Radiance, converted to a colour space if one is given, and the metadata of its exposures."""
    from hdrgen.io import BT709, converted

    chromaticities = image.chromaticities
    # Half floats stay half until they are exposed
    radiance = image.pixels if image.pixels.dtype.kind == "f" else image.as_float()
    if space is not None:
        radiance = converted(image.as_float(), chromaticities or BT709.chromaticities, space.chromaticities).clip(0)
        chromaticities = space.chromaticities
    return radiance, {"camera": image.camera, "chromaticities": chromaticities}


def _gain(radiance: Tensor, auto: bool) -> float:
    """Factor of the radiance before it is exposed."""
    if not auto:
        return 1.0
    from hdrgen.camera import luminance_of

    median = float(luminance_of(radiance.float()).median())
    if median <= 0:
        raise InputError("--auto: expected a median luminance above 0, found a black image")
    return MIDDLE_GREY / median

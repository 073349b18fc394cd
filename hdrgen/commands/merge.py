"""`hdrgen merge`: exposures of a scene to one HDR image."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hdrgen.cli.batch import for_each
from hdrgen.cli.colour_option import add_colour_argument, colour_space
from hdrgen.cli.exposure_options import Stack, add_stack_arguments, joined, stacks_of
from hdrgen.cli.output import add_output_arguments, output_files, refuse_existing
from hdrgen.cli.parser import Parser, add_config_argument, with_config
from hdrgen.errors import InputError

if TYPE_CHECKING:
    from hdrgen.bracket.pixels import Photographs

METHODS = ("debevec", "linear", "robertson", "mertens", "hdr_gan")
LEARNED = "hdr_gan"
DISPLAY = "mertens"
"""The method whose result is a picture to look at, not radiance."""
DISPLAY_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def parser(verb: str) -> Parser:
    """The arguments of this verb."""
    options = Parser(
        prog=f"hdrgen {verb}",
        description="Merge exposures of a scene to one HDR image. Radiance 1 is what just reaches white in the middle"
        " exposure (EV 0), always.",
    )
    add_stack_arguments(options)
    add_output_arguments(options, "file (.exr .hdr .tif ..); a folder for several scenes; default: SCENE.exr here")
    options.add_argument("--method", choices=METHODS, default="debevec", help="%(default)s; mertens gives a picture")
    options.add_argument(
        "--response",
        default="auto",
        help="estimate, linear, srgb, gamma:2.2, or a FILE that `hdrgen crf` wrote; default: linear for RAW and float,"
        " else estimate",
    )
    options.add_argument(
        "--align", choices=("homography", "mtb", "none"), default="homography", help="%(default)s; mtb: shifts only"
    )
    options.add_argument("--deghost", action="store_true", help="leave out what moves: only one exposure shows it")
    options.add_argument("--preview", action="store_true", help="also write NAME_preview.jpg, tone-mapped")
    add_colour_argument(options, "that of the photographs; of .avif and .jxl bt2020")
    options.add_argument(
        "--ckpt_path", "--ckpt-path", help="trained network, for --method hdr_gan; last, best: of the newest run"
    )
    options.add_argument("--max-megapixels", type=float, default=500, help="refuse larger photographs (%(default)g)")
    add_config_argument(options, "align: none")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Merge every stack, and say what was done with each file.

    Raises:
        InputError: see the parts; of several scenes, those that can be merged are.
    """
    options = parser(verb).parse_args(joined(with_config(arguments)))
    _check(options)
    stacks = stacks_of(options)
    suffix = ".png" if options.method == DISPLAY else ".exr"
    outputs = output_files(options.output, [stack.name for stack in stacks], suffix)
    _check_outputs(options, outputs)
    merge_one = _learned(options) if options.method == LEARNED else partial(_merge, options)
    pairs = list(zip(stacks, outputs, strict=True))
    for_each(pairs, "scenes", lambda pair: merge_one(*pair))


def preview_of(output: Path) -> Path:
    """Where the preview goes."""
    return output.with_name(f"{output.name.partition('.')[0]}_preview.jpg")


def _check(options: Namespace) -> None:
    if (options.method == LEARNED) != (options.ckpt_path is not None):
        raise InputError(f"--method {LEARNED} and --ckpt_path FILE go together; pass both or neither")
    given = any(getattr(options, name) is not None for name in ("times", "ev", "ev_step"))
    if options.method == LEARNED and given:
        raise InputError(f"--method {LEARNED}: expected exposures in the files or in exposures.csv beside them")
    if options.method == DISPLAY and options.preview:
        raise InputError(f"--preview: --method {DISPLAY} makes a picture already; leave --preview out")
    if options.method in (LEARNED, DISPLAY) and options.deghost:
        raise InputError(f"--deghost is for merges to radiance, not for --method {options.method}; leave one out")


def _check_outputs(options: Namespace, outputs: Sequence[Path]) -> None:
    from hdrgen.io import check_writable

    refuse_existing(outputs, options.overwrite)
    if options.preview:
        refuse_existing(map(preview_of, outputs), options.overwrite)
    for output in outputs:
        check_writable(output)
        display_only = output.suffix.lower() in (".png", ".jpg", ".jpeg") and not output.name.endswith(".uhdr.jpg")
        if options.method != DISPLAY and display_only:
            raise InputError(f"{output}: expected a format for radiance, such as .exr; --preview writes a .jpg beside")
        if options.method == DISPLAY and output.suffix.lower() not in DISPLAY_SUFFIXES:
            raise InputError(f"{output}: --method {DISPLAY} makes a picture; expected .png, .jpg or .tif")


def _learned(options: Namespace) -> Callable[[Stack, Path], None]:
    """Merges a stack by the network, which is looked for once."""
    from hdrgen.cli.checkpoint_option import trained
    from hdrgen.cli.learned_merge import merge_learned

    checkpoint, space = trained(options.ckpt_path, "HDRGAN"), colour_space(options)

    def merge_one(stack: Stack, output: Path) -> None:
        merge_learned(stack, output, checkpoint, preview_of(output) if options.preview else None, space)

    return merge_one


def _merge(options: Namespace, stack: Stack, output: Path) -> None:
    from hdrgen.bracket.merging import merge_radiance, write_picture
    from hdrgen.bracket.pixels import Photographs

    photographs = Photographs.read(stack, options.max_megapixels)
    if options.align != "none":
        photographs.align(stack, shifts_only=options.align == "mtb")
    height, width = photographs.rows[0].shape[:2]
    cut = f", cut from {photographs.size[1]} x {photographs.size[0]}" if (height, width) != photographs.size else ""
    if options.method == DISPLAY:
        done = write_picture(stack, photographs, output, colour_space(options))
    else:
        done = merge_radiance(stack, photographs, output, preview_of(output) if options.preview else None, options)
    for line in _frame_lines(stack, photographs):
        print(line)
    count = len(stack.frames)
    print(f"{output}: {count} exposures ordered by {stack.order}, {done}; {width} x {height}{cut}", flush=True)


def _frame_lines(stack: Stack, photographs: Photographs) -> list[str]:
    """A line for each file: its exposure, and how it was moved."""
    lines = []
    for index, (frame, ev) in enumerate(zip(stack.frames, stack.ev, strict=True)):
        parts = [f"{frame.path}: EV {ev:+.2f} ({frame.exposure})"]
        if photographs.alignments and not photographs.alignments[index].still:
            alignment = photographs.alignments[index]
            x, y = alignment.move(*photographs.size)
            parts.append(f"moved by ({x:+.1f}, {y:+.1f}) pixels, turned by {alignment.angle:+.2f} degrees")
        elif photographs.alignments:
            parts.append("in place")
        lines.append(", ".join(parts))
    return lines

"""`hdrgen merge`: exposures of a scene to one HDR image."""

from __future__ import annotations

import contextlib
import io
import tempfile
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdrgen.cli import (
    CommandParser,
    add_bracket_arguments,
    add_colour_argument,
    add_config_argument,
    add_network_arguments,
    add_output_arguments,
    add_raw_arguments,
    add_size_argument,
    add_skip_argument,
    add_white_argument,
    asked_network,
    bracket_of,
    bracket_scenes,
    colour_space,
    development_of,
    for_each,
    joined,
    left_to_do,
    output_files,
    white_of,
    with_config,
)
from hdrgen.errors import InputError
from hdrgen.text_table import text_table

if TYPE_CHECKING:
    from hdrgen.bracket import Bracket, BracketPixels
    from hdrgen.io import Exposure, Scene

METHODS = ("debevec", "linear", "robertson", "mertens", "hdr_gan")
LEARNED = "hdr_gan"
"""The method that is a trained network; `hdrgen predict` merges with it."""
DISPLAY = "mertens"
"""The method whose result is a picture to look at, not radiance."""
DISPLAY_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")


def parser(verb: str) -> CommandParser:
    """The arguments of this verb."""
    options = CommandParser(
        prog=f"hdrgen {verb}",
        description="Merge exposures of a scene to one HDR image. Radiance 1 is what just reaches white in the middle"
        " exposure (EV 0), unless --scale-like says otherwise. Of a folder with several scenes, each is merged, and a"
        " table at the end says which were.",
    )
    add_bracket_arguments(options)
    add_output_arguments(options, "file (.exr .hdr .tif ..); a folder for several scenes (default: SCENE.exr here)")
    add_skip_argument(options)
    options.add_argument(
        "--method",
        choices=METHODS,
        default="debevec",
        help="mertens makes a picture, of 16 bits where photographs and format have them (default: %(default)s)",
    )
    options.add_argument(
        "--response",
        default="auto",
        help="estimate, linear, srgb, gamma:2.2, or a FILE that `hdrgen crf` wrote; auto is linear for RAW and float,"
        " else estimate (default: %(default)s)",
    )
    options.add_argument(
        "--align",
        choices=("homography", "mtb", "none"),
        default="homography",
        help="mtb finds shifts only (default: %(default)s)",
    )
    options.add_argument(
        "--deghost",
        action="store_true",
        help="leave out what moves: only one exposure shows it. `--deghost learned` is --method hdr_gan, a network",
    )
    options.add_argument(
        "--fit-exposures", action="store_true", help="by the pixels: where shutter times are rounded, or light changes"
    )
    options.add_argument(
        "--scale-like",
        type=Path,
        metavar="EXR",
        help="one scale for all sets of a panorama: that of an image merged before, such as first.exr",
    )
    options.add_argument("--preview", action="store_true", help="also write NAME_preview.jpg, tone-mapped")
    add_white_argument(options)
    add_raw_arguments(options)
    add_colour_argument(options, "that of the photographs; of .avif, .jxl and .pq.png bt2020")
    add_network_arguments(options, f"network of --method {LEARNED} (default: the packaged weights {LEARNED})")
    add_size_argument(options)
    add_config_argument(options, "align: none")
    return options


def run(verb: str, arguments: Sequence[str]) -> None:
    """Merge every bracket, and say what was done with each file.

    Raises:
        InputError: Options that contradict each other, exposures that are unknown or cannot be merged; of several
            scenes, those that can be merged are.
    """
    options = parser(verb).parse_args(joined(_learned(with_config(arguments))))
    _check(options)
    scenes = bracket_scenes(options)
    suffix = ".png" if options.method == DISPLAY else ".exr"
    outputs = output_files(options.output, [scene.name for scene in scenes], suffix)
    _check_outputs(options, outputs)
    every = list(zip(scenes, outputs, strict=True))
    pairs = left_to_do(every, partial(_files_of, options), options, "scenes")
    if not pairs:
        return
    if options.method == LEARNED:
        from hdrgen.cli import trained

        merge_one = partial(_merge_learned, options, trained(asked_network(options) or LEARNED, "HDRGAN"))
    else:
        merge_one = partial(_merge, options)

    def merge_scene(pair: tuple[Scene, Path]) -> None:
        merge_one(bracket_of(options, pair[0]), pair[1])

    for_each(pairs, "scenes", merge_scene, partial(_summarise, every, pairs))


def preview_of(output: Path) -> Path:
    """Where the preview goes."""
    from hdrgen.io import suffix_of

    return output.with_name(f"{output.name[: -len(suffix_of(output))]}_preview.jpg")


def _summarise(
    every: Sequence[tuple[Scene, Path]], tried: Sequence[tuple[Scene, Path]], failed: Sequence[tuple[Any, str]]
) -> None:
    """Say of several scenes which were merged, and why others were not."""
    from hdrgen.io import images_in, photographs_among

    reasons = {id(pair): reason for pair, reason in failed}
    rows = []
    for pair in every:
        scene, output = pair
        files = photographs_among(images_in(scene.folder)) if scene.files is None else scene.files
        state = "failed" if id(pair) in reasons else "done" if pair in tried else "there already"
        rows.append((scene.name, str(len(files)), state, reasons.get(id(pair), str(output))))
    states = [row[2] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    if len(every) > 1:
        print("\n".join(text_table([("scene", "photographs", "", "file, or why not"), *rows], right=[1])))
        print(f"{len(every)} scenes: {counts}", flush=True)
    if single := [path.name for scene, _ in every for path in scene.single]:
        print(f"{len(single)} photographs belong to no bracket: {', '.join(single)}", flush=True)


def _learned(arguments: Sequence[str]) -> list[str]:
    """The arguments with `--deghost learned` as the method that it means: a word after a switch would be a photograph.

    >>> _learned(["a.jpg", "b.jpg", "--deghost", "learned"])
    ['a.jpg', 'b.jpg', '--method=hdr_gan']
    """
    words, whole = list(arguments), f"--method={LEARNED}"
    for at in range(len(words) - 1, -1, -1):
        if words[at] == "--deghost=learned" or words[at : at + 2] == ["--deghost", "learned"]:
            words[at : at + 1 + ("=" not in words[at])] = [whole]
    return words


def _files_of(options: Namespace, pair: tuple[Scene, Path]) -> list[Path]:
    """What is written of one scene."""
    output = pair[1]
    return [output, preview_of(output)] if options.preview else [output]


def _write(path: Path, pixels: Any, options: Namespace, **tags: Any) -> None:
    """Write one of the files, unless it is there and is to be left."""
    from hdrgen.io import write_image

    if not (options.skip_existing and path.is_file()):
        write_image(path, pixels, **tags)


def _check(options: Namespace) -> None:
    asked = asked_network(options)
    if asked is not None and options.method != LEARNED:
        raise InputError(f"a network merges by --method {LEARNED} only, found {asked}; pass both or neither")
    given = any(getattr(options, name) is not None for name in ("times", "ev", "ev_step"))
    if options.method == LEARNED and given:
        raise InputError(f"--method {LEARNED}: expected exposures in the files or in exposures.csv beside them")
    if options.method == DISPLAY and options.preview:
        raise InputError(f"--preview: --method {DISPLAY} makes a picture already; leave --preview out")
    if options.method in (LEARNED, DISPLAY) and options.response != "auto":
        raise InputError(f"--response is for merges to radiance, not for --method {options.method}; leave one out")
    if options.method in (LEARNED, DISPLAY) and options.fit_exposures:
        raise InputError(f"--fit-exposures is for merges to radiance, not for --method {options.method}; leave one out")
    if options.method == LEARNED and _develops(options):
        raise InputError(
            f"--method {LEARNED} reads photographs as they are; leave out --white and the options of camera RAW"
        )
    if options.method in (LEARNED, DISPLAY) and options.deghost:
        raise InputError(f"--deghost is for merges to radiance, not for --method {options.method}; leave one out")
    if options.method == DISPLAY and options.scale_like:
        raise InputError(f"--scale-like is for radiance, of which --method {DISPLAY} makes none; leave one out")
    if options.scale_like and not options.scale_like.is_file():
        raise InputError(f"--scale-like {options.scale_like}: expected an HDR image that exists; merge that one first")


def _develops(options: Namespace) -> bool:
    """Whether something was said of white, or of RAW."""
    usual = {"white": None, "white_balance": "camera", "demosaic": "ahd", "highlights": "clip", "half_size": False}
    return any(getattr(options, name) != value for name, value in usual.items())


def _check_outputs(options: Namespace, outputs: Sequence[Path]) -> None:
    from hdrgen.io import check_writable, suffix_of

    for output in outputs:
        check_writable(output)
        picture = suffix_of(output) in DISPLAY_SUFFIXES
        if options.method != DISPLAY and picture and suffix_of(output) not in (".tif", ".tiff"):
            others = "such as .exr, or of a picture for HDR screens, such as .pq.png or .uhdr.jpg"
            raise InputError(f"{output}: expected a format for radiance, {others}; --preview writes a .jpg beside")
        if options.method == DISPLAY and not picture:
            raise InputError(f"{output}: --method {DISPLAY} makes a picture; expected .png, .jpg or .tif")


def _merge(options: Namespace, bracket: Bracket, output: Path) -> None:
    from hdrgen.bracket import BracketPixels

    pixels = BracketPixels.read(
        bracket,
        options.max_megapixels,
        white=white_of(options),
        development=development_of(options),
        picture=options.method == DISPLAY,
    )
    if options.align != "none":
        pixels.align(shifts_only=options.align == "mtb")
    height, width = pixels.rows[0].shape[:2]
    cut = f", cut from {pixels.size[1]} x {pixels.size[0]}" if (height, width) != pixels.size else ""
    summary = (_write_picture if options.method == DISPLAY else _write_radiance)(pixels, output, options)
    for line in _frame_lines(pixels):
        print(line)
    count, about_white = len(bracket.frames), f", {pixels.white}" if pixels.white else ""
    print(
        f"{output}: {count} exposures ordered by {bracket.order}, {summary}{about_white}; {width} x {height}{cut}",
        flush=True,
    )


def _write_radiance(pixels: BracketPixels, output: Path, options: Namespace) -> str:
    """Merge, write, and return a summary in words."""
    from hdrgen.bracket import gain_to, merge_bracket, small_picture
    from hdrgen.io import BT709

    radiance, summary = merge_bracket(
        pixels,
        options.method,
        options.response,
        deghost=options.deghost,
        fit_exposures=options.fit_exposures,
    )
    pixels.release()
    tags = _tags(pixels, options)
    if like := _scale(options):
        radiance *= gain_to(pixels.bracket, like, str(options.scale_like))
        tags["exposure"] = like
    _write(output, radiance, options, **tags | {"chromaticities": pixels.chromaticities or BT709.chromaticities})
    written = ""
    if options.preview:
        preview = preview_of(output)
        _write(preview, small_picture(radiance), options, **tags)
        written = f", preview {preview.name}"
    return f"{summary}; radiance {float(radiance.min()):.3g} to {float(radiance.max()):.4g}{written}"


def _write_picture(pixels: BracketPixels, output: Path, options: Namespace) -> str:
    """Fuse the exposures to a picture, write it, and return a summary in words."""
    from hdrgen.bracket import fuse_bracket
    from hdrgen.io import depth_for, write_image

    picture, bits = fuse_bracket(pixels), depth_for(output, pixels.bits)
    pixels.release()
    write_image(output, picture, bits=bits, **_tags(pixels, options))
    return f"exposure fusion after Mertens et al., {bits} bits"


def _tags(pixels: BracketPixels, options: Namespace) -> dict[str, Any]:
    """Metadata for the files that are written: that of the middle exposure."""
    exposure = pixels.bracket.frames[pixels.bracket.middle].exposure
    colours = {"chromaticities": pixels.chromaticities, "colour_space": colour_space(options)}
    return {"exposure": exposure, "camera": pixels.camera, "made": True, **colours}


def _scale(options: Namespace) -> Exposure | None:
    """The exposure whose white is radiance 1, where it is not the middle one's of the bracket."""
    from hdrgen.io import read_tags

    return read_tags(options.scale_like).exposure if options.scale_like else None


def _frame_lines(pixels: BracketPixels) -> list[str]:
    """A line for each file: its exposure, and how it was moved."""
    lines = []
    for index, (frame, ev) in enumerate(zip(pixels.bracket.frames, pixels.bracket.ev, strict=True)):
        parts = [f"{frame.path}: EV {ev:+.2f} ({frame.exposure})"]
        if pixels.alignments and not pixels.alignments[index].still:
            alignment = pixels.alignments[index]
            x, y = alignment.move(*pixels.size)
            parts.append(f"moved by ({x:+.1f}, {y:+.1f}) pixels, turned by {alignment.angle:+.2f} degrees")
        elif pixels.alignments:
            parts.append("in place")
        lines.append(", ".join(parts))
    return lines


def _merge_learned(options: Namespace, checkpoint: Path, bracket: Bracket, output: Path) -> None:
    """Let the network of a checkpoint merge the bracket, by way of `hdrgen predict`, and write what it makes.

    Raises:
        InputError: No checkpoint there, or of a method that does not merge photographs.
    """
    if not checkpoint.exists():
        raise InputError(f"{checkpoint}: expected a checkpoint, found none; check its name")
    from hdrgen.bracket import gain_to, small_picture
    from hdrgen.cli import run_lightning
    from hdrgen.io import BT709, read_image, read_tags

    with tempfile.TemporaryDirectory(prefix="hdrgen-merge-") as folder:
        files = [str(frame.path) for frame in bracket.frames]
        with contextlib.redirect_stdout(io.StringIO()):  # it names files that will be gone
            run_lightning("predict", ["--ckpt_path", str(checkpoint), "--data.predict", *files, "-o", folder])
        results = sorted(Path(folder).rglob("*.exr"))
        if len(results) != 1:
            raise InputError(f"{checkpoint}: expected a method that merges exposures; it made {len(results)} images")
        image = read_image(results[0])
    middle, like = bracket.frames[bracket.middle], _scale(options)
    radiance = image.as_float() * gain_to(bracket, like, str(options.scale_like)) if like else image.pixels
    tags = replace(read_tags(middle.path), exposure=like or middle.exposure)
    beside: dict[str, Any] = {
        "exposure": tags.exposure,
        "camera": tags.camera,
        "made": True,
        "colour_space": colour_space(options),
    }
    _write(output, radiance, options, chromaticities=tags.chromaticities or BT709.chromaticities, **beside)
    if options.preview:
        picture = small_picture(image.as_float())
        _write(preview_of(output), picture, options, chromaticities=tags.chromaticities, **beside)
    print(f"{output}: {len(files)} exposures ordered by {bracket.order}, merged by {checkpoint}")

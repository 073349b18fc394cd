"""What `hdrgen merge` does with one scene: merge it, write the files, say how."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
import time
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hdrgen.cli import LEARNED_MERGES, colour_space, development_of, white_of
from hdrgen.commands.finishing import JPEG, graded_picture
from hdrgen.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hdrgen.bracket import Bracket, BracketPixels
    from hdrgen.io import Exposure, Tags

DISPLAY = "mertens"
"""The method whose result is a picture to look at, not radiance."""
TAKEN = 3
"""Exposures that a network merges; of more, a warning says which."""


def needs_torch(options: Namespace) -> bool:
    """Whether something is asked for that tensors do; importing torch takes longer than many a merge."""
    picture = options.preview or (options.finish is not None and options.finish.needs_torch)
    network = options.method in LEARNED_MERGES or options.deghost == "patches"
    return picture or network or options.method == "robertson" or Path(options.response).is_file()


def merge_scene(options: Namespace, bracket: Bracket, output: Path) -> None:
    """Merge a bracket to radiance, or to a picture, and write it.

    Raises:
        InputError: Exposures that cannot be merged.
    """
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
    summary += _sidecars(bracket, output, options)
    for line in _frame_lines(pixels):
        print(line)
    count, about_sensor = len(bracket.frames), f", {pixels.white}" if pixels.white else ""
    about_sensor += f", {_hot(sum(pixels.hot))}" if any(pixels.hot) else ""
    print(
        f"{output}: {count} exposures ordered by {bracket.order}, {summary}{about_sensor}; {width} x {height}{cut}",
        flush=True,
    )


def merge_scene_learned(options: Namespace, checkpoint: Path, bracket: Bracket, output: Path) -> None:
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
    count = f"{TAKEN} of {len(files)}" if len(files) > TAKEN else str(len(files))
    about = f"{output}: {count} exposures ordered by {bracket.order}, merged by {checkpoint}"
    if options.finish is not None:
        _write_finished(output, radiance, options, tags)
        print(f"{about}, {options.finish.words}, {options.bits} bits{_sidecars(bracket, output, options)}")
        return
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
    print(f"{about}{_sidecars(bracket, output, options)}")


def preview_of(output: Path) -> Path:
    """Where the preview goes."""
    from hdrgen.io import suffix_of

    return output.with_name(f"{output.name[: -len(suffix_of(output))]}_preview.jpg")


def _write_radiance(pixels: BracketPixels, output: Path, options: Namespace) -> str:
    """Merge, write, and return a summary in words."""
    from hdrgen.bracket import gain_to, merge_bracket, small_picture
    from hdrgen.io import BT709, Tags

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
    said = f"{summary}; radiance {float(radiance.min()):.3g} to {float(radiance.max()):.4g}"
    if options.finish is not None:
        _write_finished(output, radiance, options, Tags(tags["exposure"], pixels.camera, pixels.chromaticities))
        return f"{said}, {options.finish.words}, {options.bits} bits"
    _write(output, radiance, options, **tags | {"chromaticities": pixels.chromaticities or BT709.chromaticities})
    written = ""
    if options.preview:
        preview = preview_of(output)
        _write(preview, small_picture(radiance), options, **tags)
        written = f", preview {preview.name}"
    return said + written


def _write_picture(pixels: BracketPixels, output: Path, options: Namespace) -> str:
    """Fuse the exposures to a picture, write it, and return a summary in words."""
    from hdrgen.bracket import fuse_bracket
    from hdrgen.io import depth_for, suffix_of, write_image

    picture, bits = fuse_bracket(pixels), options.bits or depth_for(output, pixels.bits)
    pixels.release()
    picture, words = graded_picture(picture, options, pixels.chromaticities)
    quality = options.quality if suffix_of(output) in JPEG else None
    write_image(output, picture, bits=bits, quality=quality, **_tags(pixels, options))
    return f"exposure fusion after Mertens et al.{words}, {bits} bits"


def _write_finished(output: Path, radiance: NDArray[np.float32], options: Namespace, tags: Tags) -> None:
    """Tone-map radiance in the colours of the tags, and write the picture in those that were typed, or of sRGB."""
    from hdrgen.io import BT709, converted

    space = colour_space(options)
    target = (space or BT709).chromaticities
    image = converted(radiance, tags.chromaticities or BT709.chromaticities, target)
    kept = replace(tags, chromaticities=target if space else None, made=True)
    options.finish.write(output, image.astype("float32", copy=False), options.bits, kept)


def _sidecars(bracket: Bracket, output: Path, options: Namespace) -> str:
    """Keep what other programs noted of the middle exposure, else of the first that has any; in words."""
    from hdrgen.io import keep_sidecars

    paths = [bracket.frames[bracket.middle].path, *(frame.path for frame in bracket.frames)]
    return "".join(f", {each}" for each in keep_sidecars(paths, output, overwrite=options.overwrite))


def _write(path: Path, pixels: Any, options: Namespace, **tags: Any) -> None:
    """Write one of the files, unless it is there and is to be left."""
    from hdrgen.io import write_image

    if not (options.skip_existing and path.is_file()):
        write_image(path, pixels, **tags)


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
        if pixels.hot and pixels.hot[index]:
            parts.append(_hot(pixels.hot[index]))
        lines.append(", ".join(parts))
    return lines


def _hot(count: int) -> str:
    return f"{count} hot pixel{'s' * (count > 1)} removed"


def cost_since(start: float) -> str:
    """The time since a start, and the most memory that was taken, where the system says it."""
    seconds = round(time.monotonic() - start)
    took = f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
    try:
        import resource
    except ImportError:  # of Windows
        return took
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return f"{took}, at most {peak / 1e9:.1f} GB of memory"

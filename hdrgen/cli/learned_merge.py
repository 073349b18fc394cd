"""`hdrgen merge --method hdr_gan`: the merge that a network learned, by way of `hdrgen predict`."""

from __future__ import annotations

import contextlib
import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hdrgen.bracket.merging import tone_mapped
from hdrgen.cli.exposure_options import Stack
from hdrgen.errors import InputError
from hdrgen.io import BT709, ColourSpace, read_image, read_tags, write_image


def merge_learned(
    stack: Stack, output: Path, checkpoint: Path, preview: Path | None = None, space: ColourSpace | None = None
) -> None:
    """Let the network of a checkpoint merge the stack, and write what it makes, in a colour space if one is given.

    Raises:
        InputError: no checkpoint there, or of a method that does not merge photographs.
    """
    if not checkpoint.exists():
        raise InputError(f"{checkpoint}: expected a checkpoint, found none; check --ckpt_path")
    from hdrgen.cli.lightning import run as train

    with tempfile.TemporaryDirectory(prefix="hdrgen-merge-") as name:
        files = [str(frame.path) for frame in stack.frames]
        with contextlib.redirect_stdout(io.StringIO()):  # it names files that will be gone
            train("predict", ["--ckpt_path", str(checkpoint), "--data.predict", *files, "-o", name])
        made = sorted(Path(name).rglob("*.exr"))
        if len(made) != 1:
            raise InputError(f"{checkpoint}: expected a method that merges exposures; it made {len(made)} images")
        merged = read_image(made[0])
    middle = stack.frames[stack.middle]
    tags = replace(read_tags(middle.path), exposure=middle.exposure)
    beside: dict[str, Any] = {"exposure": tags.exposure, "camera": tags.camera, "colour_space": space}
    colours = tags.chromaticities or BT709.chromaticities
    write_image(output, merged.pixels, chromaticities=colours, **beside)
    if preview is not None:
        write_image(preview, tone_mapped(merged.as_float()), chromaticities=tags.chromaticities, **beside)
    print(f"{output}: {len(files)} exposures ordered by {stack.order}, merged by {checkpoint}")

"""The merges of `hdrgen merge`, from aligned photographs to files."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hdrgen.bracket.pixels import Photographs, display_frame
from hdrgen.bracket.progress_bar import progress
from hdrgen.camera import (
    CameraResponse,
    Gamma,
    TabulatedResponse,
    calibrate_debevec,
    calibrate_robertson,
    response_residual,
    robertson_bell,
)
from hdrgen.camera.named import response_named
from hdrgen.cli.colour_option import colour_space
from hdrgen.cli.exposure_options import Stack
from hdrgen.errors import InputError
from hdrgen.fusion import (
    LinearMean,
    LogMean,
    Mean,
    Mertens,
    PhotonMean,
    SensorNoise,
    debevec_hat,
    ghost_masks,
    least_clipped,
    merge_photographs,
    sensor_noise,
)
from hdrgen.fusion.ghosts import GhostMask
from hdrgen.fusion.mertens import fuse
from hdrgen.fusion.streaming import Rows
from hdrgen.fusion.weights import Weight
from hdrgen.io import BT709, ColourSpace, write_image
from hdrgen.tonemap import reduced, reinhard2002

MEANS: dict[str, Mean] = {"debevec": LogMean(), "linear": LinearMean(), "robertson": PhotonMean()}
DEEP = 16


class Merged(NamedTuple):
    """Linear radiance (H, W, 3), and what was done, in words."""

    radiance: NDArray[np.float32]
    told: str


def merge_radiance(
    stack: Stack,
    photographs: Photographs,
    output: Path,
    preview: Path | None,
    options: Namespace,
) -> str:
    """Merge and write; what was done, in words."""
    radiance, told = merged(stack, photographs, options.method, options.response, options.deghost)
    photographs.release()
    tags = _tags(stack, photographs, colour_space(options))
    colours = photographs.chromaticities or BT709.chromaticities
    write_image(output, radiance, **tags | {"chromaticities": colours})
    low, high = (float(value) for value in (radiance.min(), radiance.max()))
    if preview is not None:
        write_image(preview, tone_mapped(radiance), **tags)
    shown = f", preview {preview.name}" if preview else ""
    return f"{told}; radiance {low:.3g} to {high:.4g}{shown}"


def merged(
    stack: Stack, photographs: Photographs, method: str, response: str | CameraResponse, deghost: bool
) -> Merged:
    """Merge photographs that have been aligned.

    Args:
        stack: Their exposures.
        photographs: Their pixels.
        method: One of `MEANS`.
        response: What `hdrgen merge --response` takes, or a response.
        deghost: Whether to leave out what moves.

    Raises:
        InputError: no such response, or photographs that hold too little to estimate one from.
    """
    curve, told = _response(stack, photographs, method, response)
    masks, ghosts = _masks(stack, photographs.rows, curve, deghost)
    with progress(f"{stack.name}: merging") as done:
        radiance = merge_photographs(
            photographs.rows,
            stack.ev,
            curve,
            mean=MEANS[method],
            weight=_weight(method, curve, photographs),
            masks=masks,
            progress=done,
        )
    return Merged(radiance, f"{method}, {told}{ghosts}")


def write_picture(stack: Stack, photographs: Photographs, output: Path, space: ColourSpace | None) -> str:
    """Fuse exposures to a picture (Mertens), and write it."""
    mertens = Mertens()
    rows = photographs.rows
    # Made one by one, a large stack is never held as floats.
    fused = fuse(lambda: map(display_frame, rows), mertens.contrast, mertens.saturation, mertens.exposure)
    photographs.release()
    write_image(output, fused.permute(1, 2, 0).numpy(), bits=8, **_tags(stack, photographs, space))
    return "exposure fusion after Mertens et al."


def _tags(stack: Stack, photographs: Photographs, space: ColourSpace | None) -> dict[str, Any]:
    """What is written beside the pixels: of the middle exposure."""
    exposure = stack.frames[stack.middle].exposure
    colours = {"chromaticities": photographs.chromaticities, "colour_space": space}
    return {"exposure": exposure, "camera": photographs.camera, **colours}


def _response(
    stack: Stack, photographs: Photographs, method: str, asked: str | CameraResponse
) -> tuple[CameraResponse, str]:
    """The camera's curve, and what to say of it."""
    sample, ev = photographs.sample(), torch.tensor(stack.ev)
    if isinstance(asked, CameraResponse):
        return asked, f"response {asked.name}{_fit(response_residual(sample, ev, asked))}"
    wanted = asked.lower()
    if wanted == "auto":
        wanted = "linear" if photographs.linear else "estimate"
    if wanted != "estimate":
        response = response_named(asked if wanted != "linear" else wanted)
        found = response_residual(sample, ev, response)
        return response, f"response {asked if asked != 'auto' else wanted}{_fit(found)}"
    calibrate = calibrate_robertson if method == "robertson" else calibrate_debevec
    try:
        response = calibrate(sample, ev)
    except InputError as error:
        raise InputError(f"{stack.name}: {error} (--response srgb, for example)") from error
    return response, f"response estimated{_fit(response_residual(sample, ev, response))}"


def _fit(residual: float) -> str:
    return "" if np.isnan(residual) else f" (frames agree within {residual:.2g} stops)"


def _weight(method: str, response: CameraResponse, photographs: Photographs) -> Weight:
    if method == "robertson":
        return robertson_bell
    if photographs.linear:
        return SensorNoise(Gamma(1.0), bits=DEEP)
    # A response that was measured is least known at its ends, where its error outgrows the noise.
    return debevec_hat if isinstance(response, TabulatedResponse) else sensor_noise


def _masks(
    stack: Stack, rows: Sequence[Rows], response: CameraResponse, wanted: bool
) -> tuple[list[GhostMask | None] | None, str]:
    if not wanted:
        return None, ""
    reference = least_clipped(rows)
    with progress(f"{stack.name}: looking for motion") as done:
        masks = ghost_masks(rows, stack.ev, response, reference, progress=done)
    shares = ", ".join(
        f"{mask.left_out:.1%} of {frame.path.name}" for frame, mask in zip(stack.frames, masks, strict=True) if mask
    )
    return masks, f"; deghosted, reference {stack.frames[reference].path.name}, left out {shares}"


def tone_mapped(radiance: NDArray[np.float32]) -> NDArray[np.float32]:
    """A small picture of the radiance, by Reinhard's operator."""
    shown = reinhard2002(reduced(torch.from_numpy(radiance).permute(2, 0, 1)))
    return np.ascontiguousarray(shown.permute(1, 2, 0).numpy())

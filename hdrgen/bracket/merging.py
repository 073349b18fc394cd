"""From aligned photographs to radiance, or to a picture, in memory."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hdrgen.bracket.agreement import Agreement, tell_disagreement
from hdrgen.bracket.fitting import fitted_exposures, fitted_with_curve
from hdrgen.bracket.motion import suggest_deghosting
from hdrgen.bracket.pixels import BracketPixels, display_frame
from hdrgen.bracket.progress_bar import progress
from hdrgen.bracket.repeated import distinct
from hdrgen.camera import (
    CameraResponse,
    EstimatedResponse,
    Gamma,
    TabulatedResponse,
    calibrate_debevec,
    checked_response,
    response_named,
)
from hdrgen.errors import InputError, InputWarning
from hdrgen.fusion import (
    GhostMask,
    LinearMean,
    LogMean,
    Mean,
    Mertens,
    PhotonMean,
    Rows,
    SensorNoise,
    Weight,
    debevec_hat,
    fuse,
    ghost_masks,
    least_clipped,
    merge_photographs,
    sensor_noise,
)
from hdrgen.tiling import heap_kept, no_progress

MEANS: dict[str, Mean] = {"debevec": LogMean(), "linear": LinearMean(), "robertson": PhotonMean()}
"""How `merge_bracket` weighs the frames, by the names of its methods."""
Deghosting = bool | Literal["patches"]
"""Whether to leave out what moves; `patches` puts patches of the same photograph there."""
FEWEST_PIXELS = 32
"""Of which a response may be estimated: of fewer it would be made of its smoothness alone."""
WIDE_STEP, EQUAL_STEPS = 1.5, 0.1
"""Stops between exposures from which on, and by which steps differ up to which, Robertson's calibration fails: 0.2 to
0.8 stops off at steps of 2 and 3 stops, 0.03 at steps of 1, and below 0.1 at uneven ones, of two curves."""
RAW_BITS = 16
"""Quantisation of linear frames: RAW files are read as 16-bit codes, whatever the depth of the sensor."""


class MergedBracket(NamedTuple):
    """The result of a merge.

    Attributes:
        radiance: Linear, (H, W, 3).
        summary: How it was made, in words.
    """

    radiance: NDArray[np.float32]
    summary: str


def merge_bracket(
    pixels: BracketPixels,
    method: str,
    response: str | CameraResponse,
    *,
    deghost: Deghosting,
    fit_exposures: bool = False,
) -> MergedBracket:
    """Merge photographs that have been aligned.

    Args:
        pixels: The photographs.
        method: One of `MEANS`.
        response: `auto` (linear for linear photographs, else estimate), `estimate`, a name that
            `hdrgen.camera.response_named` takes, or a response.
        deghost: Whether to leave out what moves; `patches` fills its place, see `hdrgen.fusion.still_frames`.
        fit_exposures: Whether the pixels decide how far the exposures lie apart; `pixels.bracket` then has these.

    Returns:
        Radiance in which 1 just reaches white in the middle exposure; of RAW, the white level of its file.

    Raises:
        InputError: No such response or deghosting, or photographs that hold too little to estimate a response from.

    Warns:
        InputWarning: The frames disagree, see `agreement.tell_disagreement`; without `deghost`, something moved.
    """
    if deghost not in (True, False, "patches"):
        raise InputError(f"expected deghost=True, False or 'patches', found {deghost!r}", "deghost")
    about_fit = fit_bracket(pixels, method, response) if fit_exposures else ""
    curve, about_curve, agreement = _response(pixels, method, response)
    frames, masks, about_masks = _deghosted(pixels, curve, deghost)
    if not deghost:
        suggest_deghosting(pixels, curve, told=agreement.told)
    with progress(f"{pixels.bracket.name}: merging") as done:
        radiance = merge_photographs(
            frames,
            pixels.ev,
            curve,
            mean=MEANS[method],
            weight=_weight(method, curve, pixels.linear),
            masks=masks,
            progress=pixels.between(done),
        )
    if pixels.share != 1:
        radiance *= np.float32(pixels.share)  # so that sets of one camera share a scale, whether they clip or not
    return MergedBracket(radiance, f"{method}, {about_curve}{about_fit}{about_masks}")


def fuse_bracket(pixels: BracketPixels) -> NDArray[np.float32]:
    """Fuse exposures to a picture after Mertens et al.: display values (H, W, 3)."""
    mertens = Mertens()
    pixels.hold_rows()  # which are asked for twice
    # Converted one by one, into the same memory: as floats, all frames of a large bracket would take gigabytes.
    planes, let_go = np.empty((3, *pixels.rows[0].shape[:2]), np.float32), pixels.between(no_progress)

    def convert(rows: Rows) -> NDArray[np.float32]:
        display = display_frame(rows, planes)
        let_go(0.0)
        return display

    with heap_kept():
        fused = fuse(lambda: map(convert, pixels.rows), mertens.contrast, mertens.saturation, mertens.exposure)
    return fused.transpose(1, 2, 0)


def small_picture(radiance: NDArray[np.float32]) -> NDArray[np.float32]:
    """Tone-map radiance (H, W, 3) by Reinhard's operator, at most 2,048 pixels wide and high: display values."""
    import torch

    from hdrgen.tonemap import reduced, reinhard2002

    display = reinhard2002(reduced(torch.from_numpy(radiance).permute(2, 0, 1)))
    return np.ascontiguousarray(display.permute(1, 2, 0).numpy())


def fit_bracket(pixels: BracketPixels, method: str, response: str | CameraResponse) -> str:
    """Put the exposures that the pixels tell into the bracket; returns how far they were off, in words.

    Args:
        pixels: The photographs; their `bracket` is replaced.
        method: Of `MEANS`, by which a response is estimated.
        response: As of `merge_bracket`.

    Raises:
        InputError: Photographs that hold too little to estimate a response from.
    """
    sample, ev, reference = pixels.sample(), pixels.ev, pixels.bracket.middle
    known = _known(pixels, response)
    if known is None:
        calibrate = partial(calibrated, pixels.bracket.name, method)
        fitted = fitted_with_curve(sample, ev, calibrate, reference)
    else:
        fitted = fitted_exposures(sample, ev, known[0], reference)
    pixels.bracket = replace(pixels.bracket, known_ev=(fitted[0] - pixels.room, *fitted[1:]))
    return f", exposures fitted (changed by up to {max(abs(a - b) for a, b in zip(fitted, ev, strict=True)):.2g} stops)"


def _tell_equal_steps(name: str, ev: NDArray[np.float32]) -> None:
    """Say where most levels are only tied to few others, a step apart: how these lie to each other stays open."""
    steps = np.diff(ev)
    if len(steps) and steps.min() > WIDE_STEP and np.ptp(steps) < EQUAL_STEPS:
        told = f"{name}: Robertson's calibration of exposures at equal steps of {steps.mean():.2g} stops"
        may = "may be a quarter of a stop off, and more; Debevec's is not"
        warnings.warn(InputWarning(f"{told} {may}; pass method=debevec, or give a response", "method"), stacklevel=3)


def known_response(response: str | CameraResponse) -> tuple[CameraResponse, str] | None:
    """The curve that is asked for, and its name; None where photographs are to tell it: `auto` or `estimate`.

    Raises:
        InputError: No response.
    """
    asked = checked_response(response)
    if not isinstance(asked, str):
        return asked, asked.name
    return None if asked.lower() in ("auto", "estimate") else (response_named(asked), asked)


def _known(pixels: BracketPixels, response: str | CameraResponse) -> tuple[CameraResponse, str] | None:
    """The curve that was asked for, and its name; None where it is to be estimated."""
    if pixels.linear and isinstance(response, str) and response.lower() == "auto":
        return response_named("linear"), "linear"
    return known_response(response)


def calibrated(
    name: str, method: str, sample: NDArray[np.float32], ev: NDArray[np.float32] | Sequence[float]
) -> EstimatedResponse:
    """The response that exposures of the same places tell.

    Args:
        name: Of the bracket, for messages.
        method: `robertson`; any other estimates it as Debevec and Malik do.
        sample: Display values (S, 3, h, w), dark to bright.
        ev: Their exposures in stops.

    Raises:
        InputError: They hold too little.

    Warns:
        InputWarning: Exposures at steps of which Robertson's method makes a wrong curve.
    """
    once = distinct(sample, [float(stops) for stops in ev])
    calibrate: Callable[..., EstimatedResponse] = calibrate_debevec
    if method == "robertson":
        from hdrgen.camera import calibrate_robertson  # by torch, for which the others do not wait

        calibrate = calibrate_robertson
        _tell_equal_steps(name, once[1])
    try:
        return calibrate(*once)
    except InputError as error:
        height, width = sample.shape[-2:]
        size = f" (frames of {width} x {height} pixels)" if height * width < FEWEST_PIXELS else ""
        raise InputError(f"{name}: {error}{size}; pass response='srgb', for example", "response") from error


def _response(
    pixels: BracketPixels, method: str, response: str | CameraResponse
) -> tuple[CameraResponse, str, Agreement]:
    """The camera's curve, where it comes from in words, and how well the frames agree under it."""
    sample, bracket = pixels.sample(), replace(pixels.bracket, known_ev=tuple(pixels.ev))
    known = _known(pixels, response)
    curve, name = known or (calibrated(bracket.name, method, sample, np.array(pixels.ev, np.float32)), "estimated")
    agreement = tell_disagreement(bracket, sample, curve, name, None if pixels.linear else calibrate_debevec)
    return curve, f"response {name}{agreement}", agreement


def _weight(method: str, response: CameraResponse, linear: bool) -> Weight:
    if method == "robertson":
        from hdrgen.camera import robertson_bell

        return robertson_bell
    if linear:
        return SensorNoise(Gamma(1.0), bits=RAW_BITS)
    # A response that was measured is least known at its ends, where its error outgrows the noise.
    return debevec_hat if isinstance(response, TabulatedResponse) else sensor_noise


def _deghosted(
    pixels: BracketPixels, response: CameraResponse, deghost: Deghosting
) -> tuple[Sequence[Rows], list[GhostMask | None] | None, str]:
    """What to merge, what to leave out of it, and how much that is, in words."""
    if not deghost:
        return pixels.rows, None, ""
    with progress(f"{pixels.bracket.name}: looking for motion") as done:
        pixels.hold_rows()  # which are asked for here, there and by the merge
        reference, frames = least_clipped(pixels.rows), pixels.bracket.frames
        masks = ghost_masks(
            pixels.rows, pixels.ev, response, reference, clips=pixels.clips, progress=pixels.between(done)
        )
    shares = ", ".join(
        f"{mask.left_out:.1%} of {frame.path.name}" for frame, mask in zip(frames, masks, strict=True) if mask
    )
    about = f"; deghosted, reference {frames[reference].path.name}"
    if deghost != "patches":
        return pixels.rows, masks, f"{about}, left out {shares}"
    from hdrgen.fusion import still_frames

    with progress(f"{pixels.bracket.name}: looking for patches") as done:
        still = still_frames(pixels.rows, pixels.ev, response, reference, masks, progress=pixels.between(done))
    return still, None, f"{about}, patches in {shares}"

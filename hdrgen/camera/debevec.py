"""Debevec calibration as a differentiable layer: the response curve of a camera from an exposure stack."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hdrgen.array_kinds import (
    Values,
    as_index,
    evaluated,
    for_both,
    in_floats,
    is_numpy,
    like,
    namespace,
    row_sum,
    running_maximum,
    summed,
    without_autocast,
)
from hdrgen.camera.estimated import EstimatedResponse
from hdrgen.camera.normal_equations import cached_basis, solve_log_response
from hdrgen.camera.sampling import HistogramSampling, Sampling
from hdrgen.errors import InputError
from hdrgen.precision import in_finest

if TYPE_CHECKING:
    from torch import Tensor

SAME_EXPOSURE = 1e-3  # EV; two frames nearer than that say nothing about the curve, and their system is singular


@for_both
def triangle(display: Values) -> Values:
    r"""The triangle :math:`w(z) = 1 - |2z - 1|`, exactly 0 at the clip levels.

    Source: Debevec and Malik, "Recovering high dynamic range radiance maps from photographs", 1997, Eq. 4.

    >>> import torch
    >>> triangle(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist()
    [0.0, 0.5, 1.0, 0.0]
    """
    return 1 - abs(2 * display - 1)


def calibrate_debevec(
    stack: Values,
    ev: Values,
    *,
    levels: int = 256,
    smoothness: float = 10.0,
    weight: Callable[[Any], Any] = triangle,
    anchor: float = 0.5,
    sampling: Sampling = HistogramSampling(),  # noqa: B008 (frozen)
) -> EstimatedResponse:
    r"""Estimate the response of each channel of each stack, differentiably.

    Minimises, for :math:`g = \log_2 f^{-1}` on `levels` knots and the unknown radiances of the sampled pixels,

    :math:`\sum_{ij} [w(Z_{ij})(g(Z_{ij}) - \log_2 E_i - EV_j)]^2 + \lambda^2 \sum_k [w(k)\,g''(k)]^2`

    in closed form, for each stack and channel on its own, in the stack's precision: one batched Cholesky solve,
    whatever the samples. Gradients reach the pixels through the solve and through the slope of the piecewise-linear
    curve.

    Scale: a stack knows its response only up to a factor per channel. The channels are balanced so that their curves
    agree in the mean over the levels that the stack shows (a grey object stays grey), and the whole is scaled so that
    the curves, continued straight from the last well-determined levels, reach f^-1(1) = 1. The very ends, where
    pixels clip and say nothing, are set to f^-1(0) = 0 and f^-1(1) = 1 in every channel, so clipped pixels are neutral.

    Args:
        stack: Display values in [0, 1], (B, S, 3, H, W) or (S, 3, H, W), of 8 to 16 bits; half precision is computed
            in float32 or better; a tensor, or an array of NumPy's, by which photographs do without torch.
        ev: Exposures in EV, (S,) or (B, S); in any order.
        levels: Knots of the curve: 256 gives every 8-bit code its own; 256 also serve for 16 bits.
        smoothness: Lambda, as in Debevec's gsolve and OpenCV; scaled so that it means the same for any `levels`.
        weight: From display value to weight, 0 at the clip levels.
        anchor: The display value where g is 0 before scaling; it has no influence on the result but by rounding.
        sampling: Which pixels to use: `HistogramSampling` or `PixelGrid`.

    Returns:
        Curves with tables (B, 3, levels), or (3, levels) for a stack without batch axis, in the stack's type
        (float32 at least).

    Raises:
        InputError: The stack is degenerate (one exposure, two equal exposures, no pixel well exposed in two frames);
            the message says which stack, frames or channel.

    Source: Debevec and Malik 1997, Eq. 3; Kim, Lee and Kang, "End-to-End Differentiable Learning to HDR Image
    Synthesis for Multi-exposure Images", 2021, Eq. 1-3.

    >>> import torch
    >>> from hdrgen.camera import Gamma, form_image
    >>> scene = torch.logspace(-3, 0, 4096).expand(3, 1, 4096)
    >>> ev = torch.tensor([-2.0, 0.0, 2.0])
    >>> curve = calibrate_debevec(form_image(scene, ev, Gamma(2.0)), ev)
    >>> round(float(curve.inverse(torch.full((3, 1, 1), 0.5))[0, 0, 0]), 2)
    0.25
    """
    batch = in_floats(stack if stack.ndim == 5 else stack[None])
    if not 8 <= levels <= 65536:
        raise InputError(f"expected 8 to 65536 levels, found {levels}: pass 256")
    stops = like(ev, batch)
    stops = namespace(batch).broadcast_to(stops, (len(batch), stops.shape[-1]))
    check_exposures(batch, stops)
    samples = evaluated(sampling, batch)
    samples = in_finest(samples) if is_numpy(samples) else samples  # these are few, and need no device
    weights = evaluated(weight, samples)
    _check_samples(weights)
    table = _table(samples, weights, stops, levels, smoothness, weight, anchor)
    return EstimatedResponse(table if stack.ndim == 5 else table[0])


def calibrated_tables(stack: Tensor, ev: Tensor) -> tuple[Tensor, Tensor]:
    """`calibrate_debevec` for the hot path of a training: no check waits for the device, no stack fails for another.

    Args:
        stack: Display values in [0, 1], (B, S, 3, H, W).
        ev: Exposures in EV, (S,), finite and different.

    Returns:
        f^-1 at 256 display levels, (B, 3, 256), and which stacks hold enough to tell it, (B,). The tables of the others
        are finite, have finite gradients, and mean nothing.
    """
    import torch

    samples = HistogramSampling()(in_floats(stack))
    weights, stops = triangle(samples), ev.to(samples)[None]
    # One by one: rounding differs with the size of a batch, and an estimate from little data is sensitive to it.
    each = zip(torch.split(samples, 1), torch.split(weights, 1), strict=True)
    tables = [_table(own, their, stops, 256, 10.0, triangle, 0.5) for own, their in each]
    return torch.cat(tables), _useful(weights).all(-1)


def _table(
    samples: Values,
    weights: Values,
    stops: Values,
    levels: int,
    smoothness: float,
    weight: Callable[[Any], Any],
    anchor: float,
) -> Values:
    """Inverse responses (B, 3, levels) of samples (B, 3, N, S) at EV (B, S)."""
    channels: tuple[int, ...] = tuple(samples.shape[:2])
    seen: tuple[int, ...] = tuple(samples.shape[2:])
    repeated = namespace(stops).broadcast_to(stops[:, None], (*channels, seen[-1])).reshape(-1, 1, seen[-1])
    flat = samples.reshape(-1, *seen), weights.reshape(-1, *seen), repeated
    basis = cached_basis(levels, smoothness, weight, samples.dtype, None if is_numpy(samples) else samples.device)
    with without_autocast(samples):
        log_curve = solve_log_response(*flat, basis, round(anchor * (levels - 1))).reshape(*channels, levels)
    evidence = _evidence(*flat[:2], levels).reshape(*channels, levels)
    return scaled_response(log_curve, namespace(evidence).amin(evidence, 1)[:, None] + 1e-9)


def _evidence(samples: Values, weights: Values, levels: int) -> Values:
    """How well each channel (K, N, S) shows each level, (K, L)."""
    xp = namespace(samples)
    index = as_index(xp.nan_to_num(samples * (levels - 1)).round()).reshape(len(samples), -1)
    return summed((weights * weights).reshape(len(samples), -1), index, levels)


def scaled_response(log_curve: Values, evidence: Values) -> Values:
    """Balance the channels, put f^-1(1) at 1, and make the curves rise from 0 to 1; (B, C, L).

    Args:
        log_curve: log2 of f^-1 but for a factor, (B, C, L).
        evidence: How well a stack shows each level in its least informative channel, (B, 1, L).
    """
    xp, levels = namespace(log_curve), log_curve.shape[-1]
    grey = log_curve.mean(1)[:, None]
    total = row_sum(evidence)
    balanced = log_curve - row_sum((log_curve - grey) * evidence) / total
    # A straight line through the last levels that the weight lets count for something continues the curve to white:
    # above 0.96 the triangle is below 0.08, and noise that clips bends what is left.
    low, high = round(0.88 * (levels - 1)), round(0.96 * (levels - 1))
    slope = (grey[..., high] - grey[..., low]) / (high - low)
    top = (grey[..., high] + slope * (levels - 1 - high))[..., None]
    inner = xp.exp2(running_maximum(balanced - top)).clip(max=1)[..., 1:-1]
    table: Values = xp.concatenate([xp.zeros_like(inner[..., :1]), inner, xp.ones_like(inner[..., :1])], -1)
    return table


def check_exposures(stack: Any, ev: Any) -> None:
    """Raise unless the frames (B, S, ...) have finite, different EVs (B, S), at least two."""
    frames, ev = stack.shape[1], np.asarray(ev if is_numpy(ev) else ev.cpu())
    if ev.shape[-1] != frames or not np.isfinite(ev).all():
        raise InputError(f"expected a finite EV for each of {frames} frames, found {ev.tolist()}: pass one per frame")
    if frames < 2:
        raise InputError("calibration: expected at least two different exposures, found one: give a response instead")
    order = ev.argsort(axis=-1)
    equal = np.argwhere(np.diff(np.take_along_axis(ev, order, -1)) < SAME_EXPOSURE).tolist()
    if equal:
        item, place = equal[0]
        first, second = sorted(order[item, place : place + 2].tolist())
        raise InputError(
            f"calibration: expected different exposures, found frames {first} and {second} of stack {item} "
            f"both at EV {float(ev[item, first]):g}: leave one out"
        )


def _useful(weights: Values) -> Values:
    """Whether a channel has a sample that two frames show, (B, C), of weights (B, C, N, S)."""
    return ((weights > 0).sum(-1) >= 2).any(-1)


def _check_samples(weights: Any) -> None:
    """Raise unless every channel of every stack has a sample that two frames show."""
    useful = _useful(weights)
    if not bool(useful.all()):
        item, channel = namespace(useful).argwhere(~useful)[0].tolist()
        exposed = bool((weights[item, channel] > 0).any())
        defect = "no pixel is well exposed in two frames" if exposed else "every pixel is clipped in every frame"
        raise InputError(
            f"calibration: expected pixels that two frames show, found that {defect} "
            f"(stack {item}, channel {channel}): give closer exposures or a response"
        )

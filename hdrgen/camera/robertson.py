"""Robertson's calibration: response and radiance estimated alternately, each by least squares given the other."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hdrgen.camera.debevec import check_exposures, scaled_response
from hdrgen.camera.estimated import EstimatedResponse
from hdrgen.camera.sampling import PixelGrid, Sampling
from hdrgen.errors import InputError
from hdrgen.precision import in_float64

STEEPNESS = 4.0  # of the bell, in display values: exp(-(4 z - 2)^2)


def robertson_bell(display: Tensor) -> Tensor:
    r"""A bell around mid-grey, exactly 0 at the clip levels: :math:`w = (e^{4 - (4z-2)^2} - 1) / (e^4 - 1)`.

    Source: Robertson, Borman and Stevenson, "Estimation-theoretic approach to dynamic range enhancement using multiple
    exposures", 2003, Eq. 18.

    >>> [round(value, 4) for value in robertson_bell(torch.tensor([0.0, 0.25, 0.5, 1.0])).tolist()]
    [0.0, 0.3561, 1.0, 0.0]
    """
    bell = (4 - (STEEPNESS * display - 2) ** 2).exp() - 1
    return (bell / (math.exp(4) - 1)).clamp_min(0)


def calibrate_robertson(
    stack: Tensor | NDArray[np.float32],
    ev: Tensor | NDArray[np.float32],
    *,
    levels: int = 256,
    iterations: int = 30,
    threshold: float = 0.01,
    sampling: Sampling = PixelGrid(16384),  # noqa: B008 (frozen)
) -> EstimatedResponse:
    r"""Estimate the response of each channel of each stack by alternating least squares.

    From a straight line, alternates until the mean change over a channel's levels, summed, is below `threshold`:

    :math:`E_i = \sum_j w(Z_{ij}) 2^{EV_j} g(Z_{ij}) / \sum_j w(Z_{ij}) 4^{EV_j}` and
    :math:`g(k) = \mathrm{mean}_{Z_{ij}=k}(2^{EV_j} E_i)`, divided by g at mid-grey.

    No smoothness is assumed: levels that no sampled pixel has are interpolated in log exposure, and frames at equal
    steps leave ripples of that step in the curve, which Debevec's calibration does not. The ends and the scale are
    those of `hdrgen.camera.calibrate_debevec`, and so are the arguments, whose gradients end here.

    Args:
        stack: Display values in [0, 1], (B, S, 3, H, W) or (S, 3, H, W); nothing moves between the frames.
        ev: Exposures in EV, (S,) or (B, S).
        levels: Knots of the curve.
        iterations: Largest number of alternations.
        threshold: Change of the curves, in units of their value at mid-grey, below which they count as converged.
        sampling: Which pixels to use.

    Raises:
        InputError: One exposure, two equal ones, or no pixel of mid-grey to scale the curve by.

    Source: Robertson et al. 2003, Eq. 19 and 20.
    """
    if isinstance(stack, np.ndarray) or isinstance(ev, np.ndarray):
        return calibrate_robertson(
            torch.as_tensor(stack),
            torch.as_tensor(ev),
            levels=levels,
            iterations=iterations,
            threshold=threshold,
            sampling=sampling,
        )
    batch = stack if stack.ndim == 5 else stack.unsqueeze(0)
    stops = in_float64(ev.to(batch.device)).expand(batch.shape[0], -1)
    check_exposures(batch, stops)
    with torch.no_grad():
        samples = in_float64(sampling(batch.float()))
        curves = [_alternate(z, s.exp2(), levels, iterations, threshold) for z, s in zip(samples, stops, strict=True)]
        counts = [_counts((z * (levels - 1)).round().long().flatten(1), levels).amin(0, keepdim=True) for z in samples]
        table = scaled_response(torch.stack(curves).log2(), torch.stack(counts) + 1e-9)
    return EstimatedResponse((table if stack.ndim == 5 else table[0]).to(stack.device, torch.float32))


def _alternate(samples: Tensor, time: Tensor, levels: int, iterations: int, threshold: float) -> Tensor:
    """Curves (C, L) of one stack's samples (C, N, S) and relative times (S,)."""
    codes = (samples * (levels - 1)).round().long().flatten(1)
    count = _counts(codes, levels)
    middle = levels // 2  # Robertson et al. divide by g there, since the objective knows g up to a factor only
    if not bool((count[:, middle - 1 : middle + 2].sum(-1) > 0).all()):
        raise InputError("calibration: expected pixels of mid-grey in every channel, found none: give a response")
    weight = robertson_bell(codes.double() / (levels - 1)).view_as(samples) * time
    energy = (weight * time).sum(-1)
    # A straight line that is 1 at mid-grey, as the paper starts.
    curve = torch.linspace(0, 2, levels, dtype=torch.float64, device=samples.device).expand(len(samples), -1)
    for _ in range(iterations):
        radiance = (weight * curve.gather(1, codes).view_as(samples)).sum(-1) / energy.clamp_min(1e-300)
        exposure = (radiance.unsqueeze(-1) * time).flatten(1)
        updated = torch.zeros_like(count).scatter_add_(1, codes, exposure) / count.clamp_min(1)
        updated = _filled(updated, count > 0)
        updated = updated / updated[:, middle : middle + 1]
        change = float((updated - curve).abs().sum() / len(curve))
        curve = updated
        if change < threshold:
            break
    return curve.clamp_min(1e-9)


def _counts(codes: Tensor, levels: int) -> Tensor:
    """How often each level occurs in each row, (C, L)."""
    zeros = torch.zeros(len(codes), levels, dtype=torch.float64, device=codes.device)
    return zeros.scatter_add_(1, codes, torch.ones_like(codes, dtype=torch.float64))


def _filled(curve: Tensor, known: Tensor) -> Tensor:
    """Levels without a pixel, on a straight line in log exposure between their neighbours; constant at the ends."""
    if bool(known.all()):
        return curve
    rows = [_filled_row(row.clamp_min(1e-9).log(), known_row) for row, known_row in zip(curve, known, strict=True)]
    return torch.where(known, curve, torch.stack(rows).exp())


def _filled_row(values: Tensor, known: Tensor) -> Tensor:
    places = known.nonzero().flatten()
    levels = torch.arange(len(values), device=values.device)
    right = torch.searchsorted(places, levels).clamp(1, len(places) - 1) if len(places) > 1 else places.new_zeros(())
    left = (right - 1).clamp_min(0)
    start, end = places[left], places[right]
    share = ((levels - start) / (end - start).clamp_min(1)).clamp(0, 1)
    return torch.lerp(values[start], values[end], share.to(values))

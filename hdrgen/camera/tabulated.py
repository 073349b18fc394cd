"""Response curves given as tables: DoRF, EMoR, measured, estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hdrgen.array_kinds import Values, counted, like, namespace, running_maximum
from hdrgen.camera.interpolation import fold, piecewise_linear, unfold
from hdrgen.camera.response import CameraResponse
from hdrgen.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

END_TOLERANCE = 1e-3  # published tables are rounded, and need not end at exactly 0 and 1
# Sixteen float32 steps at exposure 1: enough for the knots of a near-vertical piece to stay apart.
SMALLEST_STEP = 1e-6


class TabulatedResponse(CameraResponse):
    """The polyline through (irradiance, brightness) knots.

    One curve (N,) serves tensors of any shape. A batch of curves (batch.., C, N), C being 3, or 1 for all channels,
    serves images (batch.., ..., C, H, W). Where the curve is flat, the inverse is the smallest exposure. Where it
    jumps (equal irradiances), the knots move apart by 1e-6, so that every display value has an exposure of its own.

    Args:
        irradiance: Sensor exposure of the knots, from 0 to 1, not decreasing.
        brightness: Display value of the knots, from 0 to 1, not decreasing.
        name: What to call the curve.

    Raises:
        InputError: The tables differ in length, decrease, hold NaN, or do not run from 0 to 1.

    >>> import torch
    >>> curve = TabulatedResponse(torch.tensor([0.0, 0.5, 1.0]), torch.tensor([0.0, 0.8, 1.0]))
    >>> round(float(curve(torch.tensor(0.25))), 3), round(float(curve.inverse(torch.tensor(0.9))), 3)
    (0.4, 0.75)
    """

    def __init__(self, irradiance: Values, brightness: Values, name: str = "") -> None:
        if irradiance.shape[-1:] != brightness.shape[-1:] or irradiance.shape[-1] < 2:
            raise InputError(
                f"response curve {name!r}: expected two tables of equal length, at least 2, "
                f"found {tuple(irradiance.shape)} irradiances and {tuple(brightness.shape)} brightnesses"
            )
        _check(irradiance, f"irradiance of response curve {name!r}")
        _check(brightness, f"brightness of response curve {name!r}")
        irradiance, expand = _without_jumps(irradiance), namespace(irradiance).broadcast_to
        self.irradiance: Any = expand(irradiance, brightness.shape) if irradiance.ndim < brightness.ndim else irradiance
        self.brightness: Any = expand(brightness, irradiance.shape) if brightness.ndim < irradiance.ndim else brightness
        self.name = name

    def _encode(self, exposure: Tensor) -> Tensor:
        return self._look_up(exposure, self.irradiance, self.brightness)

    def _decode(self, display: Tensor) -> Tensor:
        return self._look_up(display, self.brightness, self.irradiance)

    def _look_up(self, x: Tensor, knots: Tensor, values: Tensor) -> Tensor:
        knots, values = like(knots, x), like(values, x)
        if knots.ndim == 1:
            return piecewise_linear(x, knots, values)
        rows = fold(x, tuple(knots.shape[:-1]))
        shape = (*rows.shape[:-1], knots.shape[-1])
        return unfold(piecewise_linear(rows, knots.expand(shape), values.expand(shape)), x.shape)


def stack_curves(curves: list[TabulatedResponse]) -> TabulatedResponse:
    """One curve per batch item: curves (N,) of equal N become a (B, 1, N) response for images (B, ..., 3, H, W)."""
    import torch

    return TabulatedResponse(
        torch.stack([curve.irradiance for curve in curves]).unsqueeze(1),
        torch.stack([curve.brightness for curve in curves]).unsqueeze(1),
        ", ".join(curve.name for curve in curves),
    )


def _without_jumps(irradiance: Values) -> Values:
    """Move knots apart where they coincide: up from the left, then down from the right end, which stays."""
    xp = namespace(irradiance)
    if bool((xp.diff(irradiance) >= SMALLEST_STEP).all()):
        return irradiance
    ramp = SMALLEST_STEP * like(counted(irradiance.shape[-1], irradiance), irradiance)
    rising = running_maximum(irradiance - ramp) + ramp
    rising = xp.concatenate([rising[..., :-1], irradiance[..., -1:]], -1)
    falling: Values = xp.flip(running_maximum(xp.flip(ramp - rising, (-1,))), (-1,))
    return ramp - falling


def _check(table: Values, what: str) -> None:
    xp = namespace(table)
    steps = xp.diff(table)
    if not bool((steps >= 0).all()):  # also catches NaN
        position = int(xp.argwhere(~(steps >= 0))[0, -1])
        raise InputError(f"{what}: expected values that never decrease, found a fall or NaN after knot {position}")
    if bool(((abs(table[..., 0]) > END_TOLERANCE) | (abs(table[..., -1] - 1) > END_TOLERANCE)).any()):
        first, last = (float(table[..., end].reshape(-1)[0]) for end in (0, -1))
        raise InputError(f"{what}: expected values from 0 to 1, found {first:g} to {last:g}: normalise the curve")

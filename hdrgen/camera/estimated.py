"""The response curves that a calibration returns."""

from __future__ import annotations

import numpy as np

from hdrgen.array_kinds import Values, for_both, like, namespace
from hdrgen.camera.interpolation import fold, unfold, uniform_linear
from hdrgen.camera.tabulated import TabulatedResponse


class EstimatedResponse(TabulatedResponse):
    """Inverse curves on equidistant display levels, per channel and, for a batch of stacks, per stack.

    Args:
        irradiance: f^-1 at L equidistant display levels of [0, 1], (C, L) or (B, C, L), from 0 to 1, not decreasing.
        name: What to call the curves.
    """

    def __init__(self, irradiance: Values, name: str = "estimated") -> None:
        super().__init__(irradiance, _levels(irradiance), name)

    @classmethod
    def unchecked(cls, irradiance: Values, name: str = "estimated") -> EstimatedResponse:
        """The same without a look at the table, which a training would wait for. Where it jumps, so does the curve."""
        response = cls.__new__(cls)
        response.irradiance, response.name = irradiance, name
        response.brightness = namespace(irradiance).broadcast_to(_levels(irradiance), irradiance.shape)
        return response

    @for_both
    def _decode(self, display: Values) -> Values:
        rows: Values = fold(display, tuple(self.irradiance.shape[:-1]))
        table = like(self.irradiance, rows)
        table = namespace(rows).broadcast_to(table, (*rows.shape[:-1], table.shape[-1]))
        return unfold(uniform_linear(rows, table), display.shape)


def _levels(table: Values) -> Values:
    """The display values of a table's places along its last axis."""
    xp, last = namespace(table), table.shape[-1] - 1
    levels: Values = xp.linspace(0, 1, last + 1, dtype=table.dtype, **({} if xp is np else {"device": table.device}))
    return levels

"""The response curves that a calibration returns."""

from __future__ import annotations

import torch
from torch import Tensor

from hdrgen.camera.interpolation import fold, unfold, uniform_linear
from hdrgen.camera.tabulated import TabulatedResponse


class EstimatedResponse(TabulatedResponse):
    """Inverse curves on equidistant display levels, per channel and, for a batch of stacks, per stack.

    Args:
        irradiance: f^-1 at L equidistant display levels of [0, 1], (C, L) or (B, C, L), from 0 to 1, not decreasing.
        name: What to call the curves.
    """

    def __init__(self, irradiance: Tensor, name: str = "estimated") -> None:
        levels = torch.linspace(0, 1, irradiance.shape[-1], dtype=irradiance.dtype, device=irradiance.device)
        super().__init__(irradiance, levels, name)

    @classmethod
    def unchecked(cls, irradiance: Tensor, name: str = "estimated") -> EstimatedResponse:
        """The same without a look at the table, which a training would wait for. Where it jumps, so does the curve."""
        response = cls.__new__(cls)
        response.irradiance, response.name = irradiance, name
        levels = torch.linspace(0, 1, irradiance.shape[-1], dtype=irradiance.dtype, device=irradiance.device)
        response.brightness = levels.expand_as(irradiance)
        return response

    def _decode(self, display: Tensor) -> Tensor:
        rows = fold(display, tuple(self.irradiance.shape[:-1]))
        table = self.irradiance.to(rows).expand(*rows.shape[:-1], -1)
        return unfold(uniform_linear(rows, table), display.shape)

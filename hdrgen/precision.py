"""Where there is float64: on every device but Apple's MPS."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hdrgen.array_kinds import Values, is_numpy

if TYPE_CHECKING:
    import torch

WITHOUT_FLOAT64 = ("mps",)
"""Types of devices."""


def finest(device: torch.device) -> torch.dtype:
    """float64, or float32 on a device that has no other.

    >>> import torch
    >>> finest(torch.device("cpu")), finest(torch.device("mps"))
    (torch.float64, torch.float32)
    """
    import torch

    return torch.float32 if device.type in WITHOUT_FLOAT64 else torch.float64


def in_finest(values: Values) -> Values:
    """The values, where they are, in the precision of `finest`."""
    if is_numpy(values):
        return values.astype(np.float64, copy=False)
    return values.to(finest(values.device))


def in_float64(values: Values) -> Values:
    """The values in float64, for what float32 would bury in rounding; gradients pass.

    They stay on their device where it has float64, and are brought to the CPU where it has not: send only few there,
    such as the samples of a calibration, and send the result back.
    """
    if is_numpy(values):
        return values.astype(np.float64, copy=False)
    return (values.cpu() if values.device.type in WITHOUT_FLOAT64 else values).double()

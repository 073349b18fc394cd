"""Where there is float64: on every device but Apple's MPS."""

import torch
from torch import Tensor

WITHOUT_FLOAT64 = ("mps",)
"""Types of devices."""


def finest(device: torch.device) -> torch.dtype:
    """float64, or float32 on a device that has no other.

    >>> finest(torch.device("cpu")), finest(torch.device("mps"))
    (torch.float64, torch.float32)
    """
    return torch.float32 if device.type in WITHOUT_FLOAT64 else torch.float64


def in_float64(values: Tensor) -> Tensor:
    """The values in float64, for what float32 would bury in rounding; gradients pass.

    They stay on their device where it has float64, and are brought to the CPU where it has not: send only few there,
    such as the samples of a calibration, and send the result back.
    """
    return (values.cpu() if values.device.type in WITHOUT_FLOAT64 else values).double()

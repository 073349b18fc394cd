"""The truth that the loss of Kalantari and Ramamoorthi 2017 compares with."""

import torch
from torch import Tensor

from hdrgen.methods.frames import REFERENCE

MIDDLE = 0.5
"""Display value below which the reference counts as dark, and above which as bright."""


def reachable(truth: Tensor, ldr: Tensor, linear: Tensor, missing: Tensor) -> Tensor:
    """The truth, replaced by what the reference shows where nothing better can be known.

    That is where the reference is dark and the bright exposure does not show the scene, or it is bright and the dark
    exposure does not.

    Args:
        truth: `(B, 3, H, W)`.
        ldr: `(B, 3, 3, H, W)` display values of the aligned exposures.
        linear: The radiance that they show.
        missing: `(B, 3, 1, H, W)`, where each does not show the scene.
    """
    reference, dark, bright = ldr[:, REFERENCE], missing[:, 0], missing[:, 2]
    lost = ((reference < MIDDLE) & bright) | ((reference > MIDDLE) & dark)
    return torch.where(lost, linear[:, REFERENCE], truth)

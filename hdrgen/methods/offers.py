"""What can be asked of a method."""

import torch
from torch import Tensor

from hdrgen.data import Photographs
from hdrgen.errors import InputError
from hdrgen.methods.base import HDRModule


def refuse_unoffered(method: HDRModule, ev: Tensor) -> None:
    """Check that a method can make these exposures.

    Raises:
        InputError: it cannot make one of them, with those near it that it can make.
    """
    offered = method.offers(ev) | (ev == 0)
    if bool(offered.all()):
        return
    near = torch.arange(-80, 81) / 8
    known = [f"{value:+g}" for value in near[method.offers(near)].tolist()]
    instead = f"; it makes EV {', '.join(known)}" if 0 < len(known) < 33 else ""
    raise InputError(f"{type(method).__name__} cannot make EV {float(ev[~offered][0]):+g}{instead}")


def takes_one(method: HDRModule) -> bool:
    """Whether the method makes an HDR image of one photograph."""
    return method.photographs is Photographs

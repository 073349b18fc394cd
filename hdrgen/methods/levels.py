"""Exposures in whole steps from the photograph, for methods that make them step by step."""

import math
from collections.abc import Sequence

import torch
from torch import nn

from hdrgen.data import EV_TOLERANCE, Batch, whole_steps
from hdrgen.errors import InputError


def levels_at(method: nn.Module, ev: Sequence[float], step: float, reach: int) -> list[int]:
    """How many steps each exposure is from the image; in plain numbers, whose choices an exporter can follow.

    Args:
        method: Whose class the error names.
        ev: In stops.
        step: In stops.
        reach: At most so many steps to either side.

    Raises:
        InputError: One is no whole number of steps, or too far away.
    """
    for stop in ev:
        nearest = round(stop / step) if math.isfinite(stop) else math.inf
        if abs(nearest) > reach or abs(stop / step - nearest) > EV_TOLERANCE:
            raise InputError(
                f"{type(method).__name__}: expected whole multiples of {step:g} EV from {-reach * step:g} to"
                f" {reach * step:+g}, found {stop:+g} EV; ask for those alone, or use a method that takes any EV"
            )
    return [round(stop / step) for stop in ev]


def levels_of(batch: Batch, step: float) -> range:
    """The levels of a batch's stacks: steps from the reference, consecutive.

    Args:
        batch: Samples as `EveryStep` selects them.
        step: Size of a step in stops.

    Raises:
        InputError: If the exposures are no consecutive steps, or differ between scenes.
    """
    ev = batch["ev"] - batch["ev"].gather(1, batch["ref"][:, None])
    steps, whole = whole_steps(ev, step)
    lowest = int(steps[0, 0])
    levels = range(lowest, lowest + ev.shape[1])
    if not bool(whole.all()) or bool((steps != torch.tensor(levels, device=ev.device)).any()):
        raise InputError(
            f"expected exposures {step:g} EV apart, the same in all scenes of a batch, found EV"
            f" {ev.unique(dim=0).tolist()}; pass batch_size=1",
            "batch_size",
        )
    return levels

"""Exposures that were taken more than once."""

from collections.abc import Sequence

import torch
from torch import Tensor

from hdrgen.bracket.bracket import repeats


def distinct(sample: Tensor, ev: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Pixels (S, 3, h, w) at EV, the means of those at the same EV in their place: a calibration takes each once.

    Args:
        sample: Display values, dark to bright.
        ev: Their exposures, ascending.

    Returns:
        Pixels (T, 3, h, w) and their EV (T,).

    >>> pixels = torch.tensor([0.25, 0.5, 1.0]).view(3, 1, 1, 1)
    >>> [values.flatten().tolist() for values in distinct(pixels, [0.0, 1.0, 1.0])]
    [[0.25, 0.75], [0.0, 1.0]]
    """
    groups = repeats(ev)
    if len(groups) == len(ev):
        return sample, torch.tensor(list(ev))
    return torch.stack([sample[group].mean(0) for group in groups]), torch.tensor([ev[group[0]] for group in groups])

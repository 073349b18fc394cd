"""The value of a rank among many, without sorting them."""

import math

import torch
from torch import Tensor

_MANY = 2**18
_SAMPLE = 2**14
_DEVIATIONS = 6.0
"""How far a rank in the sample may be from that in the whole, in standard deviations of chance."""


def value_at(values: Tensor, rank: int) -> Tensor:
    """The `rank`-th smallest value of each row `(B, N)`, counted from 1: `(B,)`.

    A sample says between which two values it lies, and the search goes on among those that lie there: a tenth of the
    time of `torch.kthvalue` for a photograph, and the same value. `torch.quantile` ends at 16 million values.

    >>> value_at(torch.tensor([[3.0, 1.0, 2.0]]), 2)
    tensor([2.])
    """
    if values.requires_grad or values.device.type != "cpu" or values.shape[1] < _MANY:
        return values.kthvalue(rank, 1).values
    return torch.stack([_found(row, rank) for row in values])


def _found(row: Tensor, rank: int) -> Tensor:
    sample = row[:: len(row) // _SAMPLE].sort().values
    share = rank / len(row)
    reach = _DEVIATIONS * math.sqrt(len(sample) * share * (1 - share)) + _DEVIATIONS
    first, last = math.floor(share * len(sample) - reach), math.ceil(share * len(sample) + reach)
    inside, below = torch.ones_like(row, dtype=torch.bool), 0
    if first > 0:
        less = row < sample[first]
        inside, below = ~less, int(less.sum())
    if last < len(sample):
        inside &= row <= sample[last]
    among = row[inside]
    if 0 < rank - below <= len(among):
        return among.kthvalue(rank - below).values
    return row.kthvalue(rank).values  # the sample, of every so many values, misled: the image has a period

"""The order of an epoch in which shards are read one after the other, and their samples mixed all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np
import torch
from numpy.typing import NDArray

from hdrgen.data.dataset import derived_generator


def shard_order(shard: NDArray[Any], seed: int, epoch: int, rank: int, world: int, buffer: int) -> NDArray[np.int64]:
    """Indices of a process's samples in an epoch.

    Shards come in a new order each epoch. Each process takes a section of it, all equally long: where samples do not
    divide evenly, the first ones are taken again. Within the section, the samples of so many shards are mixed evenly.

    Args:
        shard: (N,) the shard of each sample; samples of one are neighbours.
        seed: Of the order.
        epoch: Which one.
        rank: Of this process.
        world: Number of processes.
        buffer: Shards whose samples are mixed.

    >>> order = shard_order(np.array([0, 0, 1, 1, 2, 2]), seed=0, epoch=0, rank=0, world=1, buffer=1)
    >>> sorted(order.tolist()), bool(order[0] // 2 == order[1] // 2)  # two of one shard
    ([0, 1, 2, 3, 4, 5], True)
    """
    numbers, first, counts = np.unique(shard, return_index=True, return_counts=True)
    generator = derived_generator("shards", seed, epoch)
    shards = torch.randperm(len(numbers), generator=generator).numpy()
    samples = np.concatenate([np.arange(first[each], first[each] + counts[each]) for each in shards])
    window = np.repeat(np.arange(len(shards)) // buffer, counts[shards])
    share = -(-len(samples) // world)
    mine = np.arange(rank * share, (rank + 1) * share) % len(samples)
    mixing = derived_generator("mixing", seed, epoch, rank)
    windows = np.split(mine, np.flatnonzero(np.diff(window[mine])) + 1)
    return np.concatenate([samples[group][torch.randperm(len(group), generator=mixing).numpy()] for group in windows])


class Ahead(Sequence[int]):
    """Indices that tell, while one goes through them, which come soon.

    Args:
        indices: The order.
        soon: Told an index that comes `distance` later, or at the start those that come first.
        distance: In samples.
    """

    def __init__(self, indices: NDArray[np.int64], soon: Callable[[int], None], distance: int) -> None:
        self.indices, self.soon, self.distance = indices, soon, distance

    def __len__(self) -> int:
        """How many there are."""
        return len(self.indices)

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> Ahead: ...
    def __getitem__(self, key: int | slice) -> int | Ahead:
        """One of them, or a part, which tells likewise."""
        if isinstance(key, slice):
            return Ahead(self.indices[key], self.soon, self.distance)
        return int(self.indices[key])

    def __iter__(self) -> Iterator[int]:
        """Go through them."""
        for index in self.indices[: self.distance]:
            self.soon(int(index))
        for position, index in enumerate(self.indices):
            if position + self.distance < len(self.indices):
                self.soon(int(self.indices[position + self.distance]))
            yield int(index)

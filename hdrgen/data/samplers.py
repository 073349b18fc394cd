"""The order in which scenes come, and each process's share of them."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from torch.utils.data import DistributedSampler


class EpochSampler(DistributedSampler[Any]):
    """Keys `(epoch, index)` in a new order each epoch, shared out evenly between the processes.

    The epoch is asked for in the main process whenever an iteration starts: worker processes, also persistent ones,
    need not know it, and after a resume it is right from the first batch on. When the scenes do not divide evenly, the
    first ones of the order are repeated, so that every process has equally many: gradients are averaged step by step.

    Being a `DistributedSampler`, it is left alone by Lightning, which would wrap any other sampler in one.

    Args:
        length: Number of scenes.
        seed: Of the order.
        epoch: Gives the current epoch.
        done: Gives the number of this process's samples in that epoch that are left out, as a training had them already
            before it was interrupted; None leaves out none.
        shuffle: False keeps the order.
        rank: Of this process.
        world: Number of processes.
        passes: How often an epoch takes each scene. Each time the scene has an epoch of its own in the key, so that
            what is drawn for it differs: epoch e of so many passes draws what the epochs passes * e to
            passes * (e + 1) - 1 of a single pass would, in another order.

    >>> list(EpochSampler(3, seed=0, epoch=lambda: 7, shuffle=False))
    [(7, 0), (7, 1), (7, 2)]
    >>> list(EpochSampler(2, seed=0, epoch=lambda: 7, shuffle=False, passes=2))
    [(14, 0), (14, 1), (15, 0), (15, 1)]
    """

    def __init__(
        self,
        length: int,
        seed: int,
        epoch: Callable[[], int],
        done: Callable[[], int] | None = None,
        *,
        shuffle: bool = True,
        rank: int = 0,
        world: int = 1,
        passes: int = 1,
    ) -> None:
        samples = range(length * passes)
        super().__init__(samples, num_replicas=world, rank=rank, shuffle=shuffle, seed=seed)  # type: ignore[arg-type]
        self._current_epoch = epoch
        self._length, self._passes = length, passes
        self._done = done or int

    def __iter__(self) -> Iterator[Any]:
        """This process's keys of the current epoch."""
        epoch = self._current_epoch()
        self.set_epoch(epoch)
        first = epoch * self._passes
        keys = [(first + sample // self._length, sample % self._length) for sample in super().__iter__()]
        return iter(keys[self._done() :])


@runtime_checkable
class Ordered(Protocol):
    """A data set that is quicker to read in some orders than in others."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def order(self, seed: int, epoch: int, rank: int, world: int) -> Sequence[int]:
        """The indices that a process takes in an epoch of training: `ceil(len(self) / world)`, all equally likely.

        Args:
            seed: Of the run.
            epoch: Which one.
            rank: Of the process.
            world: Number of processes.
        """
        ...


class OrderedSampler(EpochSampler):
    """The keys of `EpochSampler`, in an order of the data set's own.

    Args:
        data: Gives the order of each pass.
        seed: Of the order.
        epoch: As of `EpochSampler`.
        done: As of `EpochSampler`.
        rank: Of this process.
        world: Number of processes.
        passes: As of `EpochSampler`; one after the other, where that mixes them.
    """

    def __init__(
        self,
        data: Ordered,
        seed: int,
        epoch: Callable[[], int],
        done: Callable[[], int] | None = None,
        *,
        rank: int = 0,
        world: int = 1,
        passes: int = 1,
    ) -> None:
        super().__init__(len(data), seed, epoch, done, rank=rank, world=world, passes=passes)
        self.data = data
        self._share = -(-len(data) // world)
        self.num_samples = self._share * passes

    def __iter__(self) -> Iterator[Any]:
        """This process's keys of the current epoch; what is left out is not read either."""
        first, done = self._current_epoch() * self._passes, self._done()
        for turn in range(done // self._share, self._passes):
            order = self.data.order(self.seed, first + turn, self.rank, self.num_replicas)
            start, done = max(0, done - turn * self._share), 0
            yield from ((first + turn, index) for index in order[start:])


class ExactShard(DistributedSampler[Any]):
    """Every scene exactly once over all processes: process `rank` takes every `world`-th.

    Processes may get one scene more or less; nothing that is measured or written is repeated.

    >>> [list(ExactShard(5, rank=rank, world=2)) for rank in range(2)]
    [[0, 2, 4], [1, 3]]
    """

    def __init__(self, length: int, *, rank: int = 0, world: int = 1) -> None:
        super().__init__(range(length), num_replicas=world, rank=rank, shuffle=False)  # type: ignore[arg-type]
        self._share: Sequence[int] = range(rank, length, world)

    def keep(self, wanted: Callable[[int], bool]) -> None:
        """Leave out the other indices of this process's share."""
        self._share = [index for index in self._share if wanted(index)]

    def __iter__(self) -> Iterator[Any]:
        """This process's indices."""
        return iter(self._share)

    def __len__(self) -> int:
        """How many they are."""
        return len(self._share)

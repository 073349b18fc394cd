"""Packed stacks: any data set, read from the shards that `hdrgen pack` wrote."""

import os
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor

from hdrgen.data.dataset import StackDataset
from hdrgen.data.decoded import DecodedCache
from hdrgen.data.sample import Sample
from hdrgen.data.shards.fetching import Fetcher, ShardCache
from hdrgen.data.shards.manifest import read_index, read_manifest
from hdrgen.data.shards.members import sample_in
from hdrgen.data.shards.order import Ahead, shard_order
from hdrgen.data.shards.storage import Storage
from hdrgen.data.splits import part_of
from hdrgen.errors import InputError

GIB = 2**30


class PackedStacks(StackDataset):
    """Samples that `hdrgen pack` wrote into shards, read from a folder or streamed from object storage.

    Training takes the shards in a new order each epoch, and mixes the samples of `buffer` of them; each process takes a
    section of that order. A sample is what it was when it was packed, in every epoch; frames, crops and augmentation
    are drawn anew.

    Shards from object storage are fetched whole, ahead of the training, into the folder of the data module's `cache`,
    which all processes of a machine share and `cache_gib` bounds: it need not hold all of them.

    Args:
        root: The folder, or an address such as `s3://bucket/folder`.
        scenes: Part of the packed scenes, in their order, that belongs to this data set, e.g. (0, 0.9) and (0.9, 1) for
            training and validation: all samples of a scene are on one side.
        buffer: Shards whose samples are mixed. More mix better, and take more room.

    Raises:
        InputError: No packed stacks there, or not all of them yet.
    """

    def __init__(self, root: str, scenes: tuple[float, float] = (0.0, 1.0), buffer: int = 4) -> None:
        if buffer < 1:
            raise InputError(f"expected at least 1 shard to mix, found {buffer}; pass buffer=4", "buffer")
        self.storage = Storage(root)
        self.manifest = read_manifest(self.storage)
        self.index = read_index(self.storage, self.manifest)
        self.buffer = buffer
        chosen = part_of(range(len(self.index.groups)), scenes)
        self.rows = np.flatnonzero(np.isin(self.index.group, chosen))
        self.shards: ShardCache | None = None
        self._open: OrderedDict[int, BinaryIO] = OrderedDict()
        self._fetcher: Fetcher | None = None

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.rows)

    def scene(self, index: int) -> str:
        """As packed."""
        return _text(self.index.scene[self.rows[index]])

    def group(self, index: int) -> str:
        """As packed."""
        return _text(self.index.groups[self.index.group[self.rows[index]]])

    def exposures(self, index: int) -> Tensor:
        """(S,) in stops."""
        first, end = self.index.first[self.rows[index] :][:2]
        return torch.from_numpy(np.array(self.index.ev[first:end]))

    def reference(self, index: int) -> int:
        """Index of the reference."""
        return int(self.index.ref[self.rows[index]])

    def keep_decoded(self, cache: DecodedCache | None) -> None:
        """Keep shards from object storage in that folder.

        Raises:
            InputError: It has no room for those that are needed at once.
        """
        if cache is None or self.storage.folder is not None:
            return
        largest = max(shard["bytes"] for shard in self.manifest.shards)
        needed = (2 * self.buffer + 1) * largest / GIB
        if cache.bound < needed * GIB:
            room = f"expected room for {2 * self.buffer + 1} shards at once, found {cache.bound / GIB:.3g} GiB"
            raise InputError(f"{cache.folder}: {room}; pass cache_gib={needed:.2g} or more", "cache_gib")
        self.shards = ShardCache(cache.folder, cache.bound / GIB)

    def order(self, seed: int, epoch: int, rank: int, world: int) -> Sequence[int]:
        """Shard after shard, mixed; going through it fetches shards ahead."""
        shard = self.index.shard[self.rows]
        order = shard_order(shard, seed, epoch, rank, world, self.buffer)
        if self.storage.folder is not None or self.shards is None:
            return [*map(int, order)]
        self._fetcher = self._fetcher or _started(self.shards, self.storage, self.manifest.shards)
        wanted, asked = self._fetcher.wanted, set[int]()

        def soon(index: int) -> None:
            if (number := int(shard[index])) not in asked:
                asked.add(number)
                wanted.put(number)

        return Ahead(order, soon, self.buffer * -(-len(shard) // len(np.unique(shard))))

    def load(self, index: int, frames: Sequence[int], *, generator: torch.Generator) -> Sample:
        """Decode these frames; nothing is drawn."""
        row = self.rows[index]
        number, offset, size = (int(each[row]) for each in (self.index.shard, self.index.offset, self.index.size))
        fragment = _read_at(self._shard(number), offset, size)
        try:
            sample = sample_in(fragment, frames)
            if sample["scene"] != self.scene(index):
                found = f"expected {self.scene(index)}, found {sample['scene']}"
                raise InputError(f"{found}, as of another shard; look with hdrgen pack --check")
            return sample
        except InputError as error:
            raise InputError(f"{self.storage}/{self.manifest.shards[number]['name']}: {error}") from error

    def _shard(self, number: int) -> BinaryIO:
        """An open file. It stays readable when it leaves the cache."""
        if number in self._open:
            self._open.move_to_end(number)
            return self._open[number]
        shard = self.manifest.shards[number]
        if self.storage.folder is not None:
            path = self.storage.folder / shard["name"]
        elif self.shards is not None:
            path = self.shards.fetched(self.storage, shard)
        else:
            raise InputError(
                f"{self.storage}: expected a folder for shards on their way, found none; pass cache=FOLDER", "cache"
            )
        try:
            file = path.open("rb", buffering=0)
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); look with hdrgen pack --check") from error
        if (found := os.fstat(file.fileno()).st_size) != shard["bytes"]:
            file.close()
            raise InputError(f"{path}: {found} bytes of {shard['bytes']}; look with hdrgen pack --check")
        self._open[number] = file
        if len(self._open) > 2 * self.buffer:
            self._open.popitem(last=False)[1].close()
        return self._open[number]

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files and threads behind when sent to another process."""
        return self.__dict__ | {"_open": OrderedDict(), "_fetcher": None}


def _started(cache: ShardCache, storage: Storage, shards: Sequence[dict[str, Any]]) -> Fetcher:
    """A thread with a cache of its own, as caches are not made for several."""
    own = ShardCache(cache.folder, cache.bound / GIB)
    fetcher = Fetcher(lambda number: own.fetched(storage, shards[number]))
    fetcher.start()
    return fetcher


def _read_at(file: BinaryIO, offset: int, size: int) -> bytes:
    """A part of a file that other processes, which were forked from this one, may read at the same time."""
    if hasattr(os, "pread"):
        return os.pread(file.fileno(), size, offset)
    file.seek(offset)
    return file.read(size)


def _text(name: bytes) -> str:
    return bytes(name).decode()

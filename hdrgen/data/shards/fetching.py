"""Shards from object storage, kept on a disk for as long as there is room, and fetched before they are asked for."""

import hashlib
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hdrgen.data.decoded import DecodedCache, Kept, tag_cache
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FETCHERS = 2
"""Threads that fetch ahead."""
ATTEMPTS = 2
"""To fetch a shard whole."""


class ShardCache(DecodedCache):
    """A cache from which whatever was not used for longest leaves, this run's own shards as well.

    Processes that need the same shard at once wait for the first of them to fetch it.
    """

    open_files = 0

    def __init__(self, folder: str | Path, gib: float) -> None:
        super().__init__(folder, gib)
        self.began = float("inf")

    def fetched(self, storage: Storage, shard: dict[str, Any]) -> tuple[Path, int]:
        """The file that holds a shard, and where in the file it begins.

        Args:
            storage: From which it is fetched where it is not there.
            shard: Its name, bytes and sha256.

        Raises:
            InputError: It cannot be fetched whole, or there is no room for it.
        """
        recipe = ("shard", storage.address, shard["name"], shard["sha256"])
        kept = self._read(name := self.name_of(recipe, ()))
        if kept is None:
            with self._turn(name):
                kept = self.get(recipe, (), lambda: Kept(_whole(storage, shard), {}))
        if not isinstance(pixels := kept.pixels, np.memmap):
            raise InputError(
                f"{self.folder}: a shard had to leave as soon as it came; pass a larger cache_gib", "cache_gib"
            )
        return Path(str(pixels.filename)), pixels.offset

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Wait while another process or thread fetches the same shard; who is killed waits for nobody's sake."""
        path = self.folder / f".{name}.npy"
        if fcntl is None:
            yield
            return
        tag_cache(self.folder)
        with path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                with suppress(FileNotFoundError):
                    path.unlink()

    def _without(self, reason: str) -> bool:
        raise InputError(f"{self.folder}: the cache {reason}", "cache")


def _whole(storage: Storage, shard: dict[str, Any]) -> NDArray[Any]:
    for _ in range(ATTEMPTS):
        content = storage.read(shard["name"])
        if content is None:
            raise InputError(f"{storage}/{shard['name']}: no such file; pack it again")
        if hashlib.sha256(content).hexdigest() == shard["sha256"]:
            return np.frombuffer(content, np.uint8)
    raise InputError(f"{storage}/{shard['name']}: not as it was packed; look with hdrgen pack --check")


class Fetcher(threading.Thread):
    """Fetches shards in the background, in the order in which they are asked for."""

    def __init__(self, fetch: Callable[[int], object]) -> None:
        super().__init__(daemon=True, name="hdrgen shards")
        self.fetch = fetch
        self.wanted: queue.SimpleQueue[int] = queue.SimpleQueue()

    def run(self) -> None:
        """Go on until the process ends; who needs a shard that cannot be fetched will say so."""
        while True:
            with suppress(Exception):
                self.fetch(self.wanted.get())

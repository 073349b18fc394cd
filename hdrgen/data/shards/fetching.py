"""Shards from object storage, kept on a disk for as long as there is room, and fetched before they are asked for."""

import hashlib
import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from hdrgen.data.decoded import DecodedCache, tag_cache
from hdrgen.data.shards.storage import Storage
from hdrgen.errors import InputError
from hdrgen.io import complete_or_nothing

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ATTEMPTS = 2
"""To fetch a shard whole."""


class ShardCache(DecodedCache):
    """A cache from which whatever was not used for longest leaves, this run's own shards as well.

    Processes that need the same shard at once wait for the first of them to fetch it.
    """

    def __init__(self, folder: str | Path, gib: float) -> None:
        super().__init__(folder, gib)
        self.began = float("inf")

    def fetched(self, storage: Storage, shard: dict[str, Any]) -> Path:
        """The file of a shard.

        Args:
            storage: From which it is fetched where it is not there.
            shard: Its name, bytes and sha256.

        Raises:
            InputError: It cannot be fetched whole, or there is no room for it.
        """
        name = self.name_of(("shard", storage.address, shard["name"], shard["sha256"]), ())
        path = self.folder / f"{name}.tar"
        if not _is_there(path, shard):
            with self._turn(name):
                if not _is_there(path, shard):
                    self._fetch(storage, shard, path)
        return path

    def _fetch(self, storage: Storage, shard: dict[str, Any], path: Path) -> None:
        """From the network to the disk, without a copy in memory."""
        if not self._room_for(shard["bytes"]):
            full = f"the cache is full with {self.bound / 2**30:.3g} GiB of shards in use; pass a larger cache_gib"
            raise InputError(f"{self.folder}: {full}", "cache_gib")
        with complete_or_nothing(path) as temporary:
            _whole(storage, shard, temporary)
        self._count(shard["bytes"])

    @contextmanager
    def _turn(self, name: str) -> Iterator[None]:
        """Wait while another process or thread fetches the same shard; who is killed waits for nobody's sake."""
        path = self.folder / f".{name}.npy"
        try:
            tag_cache(self.folder)
        except OSError as error:
            raise InputError(
                f"{self.folder}: cannot be written ({error.strerror}); pass another cache", "cache"
            ) from error
        if fcntl is None:
            yield
            return
        with path.open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                with suppress(FileNotFoundError):
                    path.unlink()


def _is_there(path: Path, shard: dict[str, Any]) -> bool:
    """Whether a shard is in the cache, whole; then it was used just now."""
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return False
    with suppress(OSError):  # a folder that may only be read
        os.utime(path)
    return bool(size == shard["bytes"])


def _whole(storage: Storage, shard: dict[str, Any], path: Path) -> None:
    for _ in range(ATTEMPTS):
        if not storage.fetch(shard["name"], path):
            raise InputError(f"{storage}/{shard['name']}: no such file; pack it again")
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == shard["sha256"]:
                return
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

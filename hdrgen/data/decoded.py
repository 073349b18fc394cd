"""Arrays that are costly to make, kept on disk between epochs and runs, in a folder of the user's."""

import hashlib
import json
import os
import re
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hdrgen.errors import InputError, InputWarning
from hdrgen.io import complete_or_nothing, write_complete
from hdrgen.version import __version__

TAG = "CACHEDIR.TAG"
"""By this name and signature, programs for backups know a folder that can be made again (bford.info/cachedir)."""
SIGNATURE = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# Decoded images of hdrgen; `hdrgen cache --clear` removes them.\n"
)
OPEN = 128
"""Files that a process keeps mapped: fewer than systems allow to be open; mapping one again takes 0.2 ms."""
PARTS = 64
"""Each process looks at the folder's size again when it has written this part of the bound."""
ENTRY = re.compile(r"\.?[0-9a-f]{40}(\.[0-9a-f]{32})?\.(npy|tar)")
"""Of the files, arrays and shards, finished or left behind by a process that was killed."""
OWN = re.compile(rf"{TAG}|\.CACHEDIR\.[0-9a-f]{{32}}\.TAG|{ENTRY.pattern}")
"""All that caches have, which other processes may be making at this moment."""
ABANDONED = 24 * 3600.0
"""Seconds after which an unfinished file is nobody's."""


class Kept(NamedTuple):
    """An array of the cache, read-only and mapped into memory, and the facts that were kept with it."""

    pixels: NDArray[Any]
    facts: dict[str, Any]


Made = TypeVar("Made", Kept, Kept | None)


class DecodedCache:
    """A folder of arrays, each under a digest of what it was made of: sources by path, size and time, and the recipe.

    A source that changes has another digest: its old array is never found again, and leaves when room is needed.
    Arrays appear under their names only once they are complete, so that any number of processes may share the folder,
    be killed, or make the same array at once. A folder that cannot be written to, or is full, is no error: the array is
    made each time, and a warning says so once.

    Args:
        folder: Where; made when it is first needed.
        gib: How much it may hold, about; what was used last before this run leaves first. What this run uses stays: an
            array that finds no room is made each time.

    Raises:
        InputError: The folder holds other things than a cache, or the bound is not positive.
    """

    open_files = OPEN

    def __init__(self, folder: str | Path, gib: float = 50.0) -> None:
        if not gib > 0:
            raise InputError(f"expected room for decoded images, found {gib} GiB; pass cache_gib=50", "cache_gib")
        self.folder = Path(folder).expanduser().absolute()
        check_is_cache(self.folder)
        self.bound = int(gib * 2**30)
        self.began = time.time()
        self._maps: OrderedDict[str, Kept] = OrderedDict()
        self._size: int | None = None
        self._added = 0
        self._complained = False

    def get(self, recipe: Sequence[object], sources: Sequence[Path], make: Callable[[], Made]) -> Kept | Made:
        """The array of a recipe and its sources, made if it is not there.

        Args:
            recipe: What decides the array beside the sources' content; told apart by their `repr`.
            sources: Files that it is made of.
            make: Makes it; None where there is none.
        """
        name = self.name_of(recipe, sources)
        if name in self._maps:
            self._maps.move_to_end(name)
            return self._maps[name]
        kept = self._read(name)
        if kept is None:
            made = make()
            if made is None or not self._write(name, made):
                return made
            kept = self._read(name) or made
        self._maps[name] = kept
        if len(self._maps) > self.open_files:
            self._maps.popitem(last=False)
        return kept

    @staticmethod
    def name_of(recipe: Sequence[object], sources: Sequence[Path]) -> str:
        """40 hexadecimal digits of everything that decides an array.

        Raises:
            InputError: A source is not there.
        """
        parts = [__version__, *map(repr, recipe)]
        for source in sources:
            try:
                found = source.stat()
            except OSError as error:
                raise InputError(f"{source}: no such file; check the name") from error
            parts += [str(source.absolute()), str(found.st_size), str(found.st_mtime_ns)]
        return hashlib.blake2b("\0".join(parts).encode(errors="surrogatepass"), digest_size=20).hexdigest()

    def _read(self, name: str) -> Kept | None:
        path = self.folder / f"{name}.npy"
        try:
            pixels = np.load(path, mmap_mode="r", allow_pickle=False)
            with path.open("rb") as stream:
                stream.seek(pixels.offset + pixels.nbytes)
                facts = json.loads(stream.read())
        except FileNotFoundError:
            return None
        except (OSError, ValueError, EOFError):
            with suppress(OSError):  # of a disk that lost it; made again
                path.unlink()
            return None
        with suppress(OSError):  # a folder that may only be read
            os.utime(path)
        return Kept(pixels, facts)

    def _write(self, name: str, made: Kept) -> bool:
        """Whether there was room, and permission."""
        try:
            if not self._room_for(made.pixels.nbytes):
                return self._without(f"is full with {self.bound / 2**30:.3g} GiB; pass a larger cache_gib")
            tag_cache(self.folder)
            with complete_or_nothing(self.folder / f"{name}.npy") as temporary, temporary.open("wb") as stream:
                np.save(stream, np.ascontiguousarray(made.pixels), allow_pickle=False)
                stream.write(json.dumps(made.facts).encode())
        except (OSError, InputError) as error:
            return self._without(f"cannot be written ({error}); pass another folder, or none")
        self._count(made.pixels.nbytes)
        return True

    def _count(self, size: int) -> None:
        """Note that so many bytes were added."""
        self._size = (self._size or 0) + size
        self._added += size

    def _room_for(self, size: int) -> bool:
        if self._size is None or self._added > self.bound / PARTS or self._size + size > self.bound:
            self._size, self._added = self._pruned(size), 0
        return self._size + size <= self.bound

    def _pruned(self, size: int) -> int:
        """Bytes in the folder, after arrays that this run has not used made room for `size` bytes."""
        entries = sorted(entries_in(self.folder), key=lambda entry: entry.used)
        total = sum(entry.size for entry in entries)
        for entry in entries:
            if entry.used >= (time.time() - ABANDONED if entry.unfinished else self.began):
                continue
            if total + size > self.bound or entry.unfinished:
                with suppress(OSError):  # another process was faster
                    entry.path.unlink()
                total -= entry.size
        return total

    def _without(self, reason: str) -> bool:
        if not self._complained:
            self._complained = True
            message = f"{self.folder}: the cache {reason}; images are decoded each time"
            warnings.warn(InputWarning(message, "cache"), stacklevel=2)
        return False

    def __getstate__(self) -> dict[str, object]:
        """Leave mapped files behind when sent to another process."""
        return self.__dict__ | {"_maps": OrderedDict()}


class Entry(NamedTuple):
    """A file of a cache: its size in bytes and when it was last used, in seconds since 1970."""

    path: Path
    size: int
    used: float

    @property
    def unfinished(self) -> bool:
        """Whether a process is writing it, or was killed while it did."""
        return self.path.name.startswith(".")


def entries_in(folder: Path) -> list[Entry]:
    """The arrays of a cache, and what unfinished ones left behind; none where there is no folder."""
    entries = []
    with suppress(FileNotFoundError), os.scandir(folder) as files:
        for file in files:
            if ENTRY.fullmatch(file.name):
                with suppress(OSError):  # gone meanwhile
                    entries.append(Entry(Path(file.path), file.stat().st_size, file.stat().st_mtime))
    return entries


def check_is_cache(folder: Path) -> None:
    """Refuse a folder that holds something else, or a file.

    Raises:
        InputError: It does; nothing was changed.
    """
    if not folder.exists() or (folder / TAG).is_file():
        return
    if not folder.is_dir() or not all(OWN.fullmatch(path.name) for path in folder.iterdir()):
        found = "other files" if folder.is_dir() else "a file"
        raise InputError(f"{folder}: expected a new or empty folder, or a cache, found {found}; name another", "cache")


def cached_in(folder: Path) -> tuple[int, int]:
    """How many arrays a cache holds, and their bytes.

    Raises:
        InputError: The folder is no cache.
    """
    if not (folder / TAG).is_file():
        raise InputError(f"{folder}: expected a cache of decoded images ({TAG} in it), found none; check the name")
    entries = entries_in(folder)
    return len(entries), sum(entry.size for entry in entries)


def clear_cache(folder: Path) -> tuple[int, int]:
    """Remove all arrays of a cache and nothing else; returns their number and bytes.

    Raises:
        InputError: The folder is no cache.
    """
    found = cached_in(folder)
    for entry in entries_in(folder):
        entry.path.unlink(missing_ok=True)
    return found


def tag_cache(folder: Path) -> None:
    """Make the folder of a cache, if there is none yet."""
    if not (folder / TAG).is_file():
        folder.mkdir(parents=True, exist_ok=True)
        write_complete(folder / TAG, SIGNATURE)

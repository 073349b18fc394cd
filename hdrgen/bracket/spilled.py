"""Frames of a bracket that together would fill the memory, in a file that the system reads them from as needed.

A merge looks at a few rows of every frame at a time. The file is a temporary one without a name, in the folder of
`tempfile` (TMPDIR): it is gone when the process is, however that ends. What of it lies in memory is the system's cache,
which gives way to programs. Where that folder itself is memory (tmpfs), frames stay where they are.
"""

import mmap
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SPILLED = 2**30
"""Bytes of all frames together from which on they are not held in memory; seven of 24 megapixels have half of that."""
_RESERVE = 2**30  # bytes of the disk that are left free


def is_spilled(frame: NDArray[Any], count: int) -> bool:
    """Whether so many frames like this one are more than memory should hold, and the disk has room for them."""
    whole = frame.nbytes * count
    return whole > SPILLED and whole + _RESERVE < _free_disk()


def spilled(frame: NDArray[Any]) -> NDArray[Any]:
    """The frame in a file, writable; the frame itself where the disk takes no more."""
    if not frame.nbytes:
        return frame
    try:
        with tempfile.TemporaryFile(prefix="hdrgen-") as file:
            np.ascontiguousarray(frame).tofile(file)
            file.flush()
            mapped = mmap.mmap(file.fileno(), frame.nbytes)
    except OSError:
        return frame
    forget([mapped])
    return np.frombuffer(mapped, frame.dtype).reshape(frame.shape)


def forget(mappings: Iterable[mmap.mmap]) -> None:
    """Take what has been read of these files out of the process's memory; it is read again when it is asked for."""
    for mapping in mappings:
        if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows, which sees to that itself
            mapping.madvise(mmap.MADV_DONTNEED)


def mappings_of(frames: Iterable[Any]) -> list[mmap.mmap]:
    """The files that arrays, or views of them, lie in."""
    found = []
    for frame in frames:
        base = getattr(frame, "source", frame)  # of a photograph that is resampled as it is asked for
        while isinstance(base, np.ndarray):
            base = base.base
        base = base.obj if isinstance(base, memoryview) else base
        if isinstance(base, mmap.mmap):
            found.append(base)
    return found


def _free_disk() -> int:
    """Bytes; nothing where the system does not tell, or where they would be memory."""
    folder = tempfile.gettempdir()
    try:
        status = os.statvfs(folder)
        return 0 if _is_memory(folder) else status.f_bavail * status.f_frsize
    except (AttributeError, OSError):
        return 0


def _is_memory(folder: str) -> bool:
    """Whether the files of a folder lie in memory, as those of /tmp do on many systems."""
    import psutil  # not before it is needed: most brackets are small

    systems = {mount.mountpoint: mount.fstype for mount in psutil.disk_partitions(all=True)}
    above = map(str, (path := Path(folder).resolve(), *path.parents))
    return next((systems[each] for each in above if each in systems), "") in ("tmpfs", "ramfs")

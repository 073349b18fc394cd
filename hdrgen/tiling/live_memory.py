"""How much memory a network takes, and how much there is.

Measured, since no fixed tile serves all: at their peak the packaged networks hold 250 to 2,500 bytes for each pixel, so
that a tile of 1,024 pixels would take 0.3 GB with the smallest and 2.6 GB with the largest, and one of 512, which most
can afford, takes a small network 1.5 times the time of the 893 that 192 MiB hold (`docs/results.md`). Channels and
the number of exposures both count, so that no method could state its own number; and the size of the process says
nothing, as a corner fits into what other work has freed.
"""

import ctypes
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode  # torch's documentation has it under this name

from hdrgen.io import free_memory as free_memory_of_machine


class LiveMemory(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's has no types
    """Counts the bytes of the tensors that are alive within it, and their largest number, `peak`.

    >>> with LiveMemory() as memory:
    ...     _ = torch.zeros(1000) + 1 + 1
    >>> memory.peak
    8000
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = 0
        self._holders: Counter[int] = Counter()  # tensors by the address of their memory, which views share

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else (result,):
            if isinstance(tensor, Tensor):
                self._follow(tensor)
        return result

    def _follow(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        address, size = storage.data_ptr(), storage.nbytes()
        if not self._holders[address]:
            self.live += size
            self.peak = max(self.peak, self.live)
        self._holders[address] += 1
        weakref.finalize(tensor, self._release, address, size)

    def _release(self, address: int, size: int) -> None:
        self._holders[address] -= 1
        if not self._holders[address]:
            self.live -= size


def free_memory(device: torch.device) -> int:
    """Available bytes of a GPU, or of the machine."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return free_memory_of_machine()


# -- memory that is used again -------------------------------------------------------------------------------------

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
"""glibc's numbers of what `mallopt` sets (malloc.h)."""
_NEVER = 2**31 - 1
_USUAL = {_MMAP_MAX: 65536, _MMAP_THRESHOLD: 2**25, _TRIM_THRESHOLD: 2**26}
"""What glibc itself arrives at in a process that has freed large tensors."""
_keeping: list[None] = []
"""One entry for each `heap_kept` that is open in the process."""


@contextmanager
def heap_kept() -> Iterator[None]:
    """Within this, freed memory stays with the process for the next tensor.

    Otherwise glibc takes each large tensor anew from the system, which clears it page by page: a quarter of the time of
    a small network on a tile of 0.8 megapixels, 8 % of that of a whole photograph in tiles (`docs/results.md`; one
    thread). What lives longer is best allocated before. Within another (tiles of the validation of a training), what is
    free is given back at the end, and the outer one keeps on. Without glibc (macOS, Windows, musl), nothing changes.
    """
    glibc = _glibc()
    if glibc is None:
        yield
        return
    glibc.mallopt(_MMAP_MAX, 0)
    glibc.mallopt(_TRIM_THRESHOLD, _NEVER)
    _keeping.append(None)
    try:
        yield
    finally:
        _keeping.pop()
        for what, usual in () if _keeping else _USUAL.items():
            glibc.mallopt(what, usual)
        glibc.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libc.so.6")  # glibc's name alone
    except OSError:
        return None
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None

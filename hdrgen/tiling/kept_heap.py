"""Memory that is used again, instead of being given back to the system and cleared for the next array."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

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

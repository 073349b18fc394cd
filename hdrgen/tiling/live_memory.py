"""How much memory a network takes, and how much there is.

Measured, since no fixed tile serves all: at their peak the packaged networks hold 250 to 2,500 bytes for each pixel, so
that a tile of 1,024 pixels would take 0.3 GB with the smallest and 2.6 GB with the largest, and one of 512, which most
can afford, takes a small network 1.5 times the time of the 893 that 192 MiB hold (`docs/results.md`). Channels and
the number of exposures both count, so that no method could state its own number; and the size of the process says
nothing, as a corner fits into what other work has freed.
"""

import weakref
from collections import Counter
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

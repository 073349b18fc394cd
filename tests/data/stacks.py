"""A data set for the tests that remembers what was asked of it."""

import torch

from hdrgen.data import Sample, StackDataset
from hdrgen.data.dataset import local_reference
from hdrgen.errors import InputError


class CountingStacks(StackDataset):
    """Stacks of five constant exposures; scenes listed in `bad` cannot be read."""

    def __init__(self, count=6, size=(12, 16), bad=(), sizes=None):
        self.count, self.bad = count, bad
        self.sizes = sizes or [size] * count
        self.loaded = []

    def __len__(self):
        return self.count

    def scene(self, index):
        return f"scene_{index}"

    def exposures(self, index):
        return torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0])

    def reference(self, index):
        return 2

    def load(self, index, frames, *, generator):
        if index in self.bad:
            raise InputError(f"/data/scene_{index}/a.png: truncated file, expected 10 bytes")
        self.loaded.append((index, list(frames)))
        height, width = self.sizes[index]
        hdr = torch.rand(3, height, width, generator=generator) + 0.1
        ev = self.exposures(index)[list(frames)]
        return Sample(
            ldr=(hdr * ev.exp2()[:, None, None, None]).clamp(0, 1),
            ev=ev,
            ref=torch.tensor(local_reference(frames, 2)),
            hdr=hdr,
            scene=self.scene(index),
        )

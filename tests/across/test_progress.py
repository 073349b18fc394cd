"""What takes a while says how far it is: rising, once for each part, and 1 at the end."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from hdrgen.camera import SRGB
from hdrgen.fusion import align_photographs, ghost_masks, merge_photographs
from hdrgen.tiling import Tiling

EV = [-2.0, 0.0, 2.0]
FRAMES = [(np.random.default_rng(0).random((300, 64, 3)) * top).astype(np.uint8) for top in (60, 130, 255)]

CASES = {
    "align_photographs": (lambda told: align_photographs(FRAMES, 1, progress=told), 2),
    "ghost_masks": (lambda told: ghost_masks(FRAMES, EV, SRGB(), 1, progress=told), 2),
    "merge_photographs": (lambda told: merge_photographs(FRAMES, EV, SRGB(), progress=told), 3),
    "Tiling": (lambda told: Tiling(overlap=8, progress=told).apply(lambda x: x, torch.rand(1, 3, 16, 56), 16), 6),
}


@pytest.mark.parametrize("name", CASES)
def test_progress_rises_to_one(name):
    run, parts = CASES[name]
    told: list[float] = []
    run(told.append)
    assert len(told) == parts
    assert all(0 < earlier < later for earlier, later in pairwise(told))
    assert told[-1] == pytest.approx(1)

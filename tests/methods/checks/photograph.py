"""The photograph that networks with their authors' weights were compared on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from hdrgen.io import read_image


def kloppenheim(shared: Path) -> Tensor:
    """The front of a panorama, exposed so that 5 % of it clip, as 8 bits of gamma 2.2: `(1, 3, 512, 512)` in [0, 1].

    Args:
        shared: The folder of local research data; a test is skipped where the panorama is not in it.
    """
    file = shared / "data/hdri/test/kloppenheim_05_1k.hdr"
    if not file.is_file():
        pytest.skip(f"a panorama of the local research data not found at {file}")
    radiance = read_image(file).pixels[:, 256:768].astype(np.float64)
    display = np.clip(radiance / np.quantile(radiance.max(2), 0.95), 0, 1) ** (1 / 2.2)
    return torch.from_numpy(np.round(255 * display) / 255).float().movedim(2, 0)[None]

"""What covers a whole image, at the place of a tile; more of it in `test_tiling.py`."""

import pytest
import torch
from torch.nn import functional

from hdrgen.tiling import spread
from hdrgen.tiling.whole_image import Region, WholeImage


@pytest.mark.parametrize("cells", [3, 32])
def test_a_grid_is_repeated_in_a_tile_as_in_the_whole(cells):
    grid = torch.rand(1, 2, cells, cells)
    wanted = functional.interpolate(grid, (10, 14), mode="nearest")
    assert torch.equal(spread(grid, torch.zeros(1, 1, 10, 14)), wanted)
    with WholeImage().replaying(Region(32, 64, 80, 48, (160, 224))):  # at a sixteenth of the size
        assert torch.equal(spread(grid, torch.zeros(1, 1, 5, 3)), wanted[..., 2:7, 4:7])

import pytest
import torch

from hdrgen.tiling import value_at
from hdrgen.tiling.ranks import _MANY

NORMAL = torch.randn(2, _MANY, generator=torch.Generator().manual_seed(0))
PERIODIC = torch.arange(_MANY).remainder(_MANY // 2**14).float().expand(2, -1)  # the sample sees one of its values
CLIPPED = NORMAL.clamp(-0.1, 0.1)


@pytest.mark.parametrize("values", [NORMAL, PERIODIC, CLIPPED], ids=["normal", "periodic", "clipped"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.999, 1.0])
def test_the_value_of_a_rank_is_that_of_sorting(values, share):
    rank = max(1, round(share * values.shape[1]))
    assert value_at(values, rank).tolist() == values.sort(1).values[:, rank - 1].tolist()

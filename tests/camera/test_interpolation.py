import torch
from hypothesis import given
from hypothesis import strategies as st

from hdrgen.camera.interpolation import _searched


@given(st.integers(2, 40), st.integers(0, 1000))
def test_the_search_in_exported_programs_is_torchs_own(count, seed):
    generator = torch.Generator().manual_seed(seed)
    knots = torch.randint(0, 20, (3, count), generator=generator).float().sort().values
    x = torch.randint(-2, 23, (3, 50), generator=generator).float()
    assert torch.equal(_searched(knots, x), torch.searchsorted(knots, x))
    assert torch.equal(_searched(knots[0], x), torch.searchsorted(knots[0], x))

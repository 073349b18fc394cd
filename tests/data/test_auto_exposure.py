import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.camera import luminance_of
from hdrgen.data.auto_exposure import auto_exposed, percentile_of
from hdrgen.data.dataset import derived_generator
from hdrgen.errors import InputError


def scene() -> torch.Tensor:
    return torch.exp2(8 * torch.randn(3, 24, 24, generator=derived_generator("test", 0)).clamp(-2, 2))


@settings(max_examples=25)
@given(scale=st.floats(1e-4, 1e6), percentile=st.floats(1, 99), level=st.floats(0.01, 1))
def test_auto_exposure_puts_the_percentile_at_the_level(scale, percentile, level):
    light = luminance_of(auto_exposed(scene() * scale, percentile, level))
    assert np.percentile(light.numpy(), percentile) == pytest.approx(level, rel=1e-3)


def test_auto_exposure_cleans_radiance():
    radiance = scene()
    radiance[:, 0, 0] = torch.tensor([float("nan"), float("inf"), -1.0])
    cleaned = auto_exposed(radiance, 50, 0.18)
    assert torch.isfinite(cleaned).all()
    assert (cleaned > 0).all()
    with pytest.raises(InputError, match="only zeros"):
        auto_exposed(torch.zeros(3, 4, 4), 50, 0.18)


@pytest.mark.parametrize("percentile", [0, 1, 37.3, 50, 99.9, 100])
@pytest.mark.parametrize("count", [1, 2, 1000, 1001])
def test_percentiles_are_those_of_torch_bit_for_bit(count, percentile):
    values = torch.rand(count, generator=torch.Generator().manual_seed(count))
    assert percentile_of(values, percentile) == torch.quantile(values, percentile / 100)

import numpy as np
import pytest
import torch
from colour_hdri import weighting_function_Debevec1997
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.camera import Gamma
from hdrgen.fusion import SensorNoise, debevec_hat, gaussian, sensor_noise, triangle

WEIGHTS = [triangle, debevec_hat, gaussian, sensor_noise, SensorNoise(Gamma(1.8), 5000, 10, 12)]


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_exactly_zero_at_the_clip_levels_and_positive_between(weight, dtype):
    assert weight(torch.tensor([0.0, 1.0], dtype=dtype)).tolist() == [0, 0]
    inside = weight(torch.linspace(0.02, 0.98, 97, dtype=dtype))
    assert (inside > 0).all()
    assert (inside <= 1).all()


@settings(max_examples=50)
@given(st.floats(0, 1))
def test_symmetric_weights_mirror(z):
    for weight in (triangle, debevec_hat, gaussian):
        pair = weight(torch.tensor([z, 1 - z], dtype=torch.float64))
        assert pair[0].item() == pytest.approx(pair[1].item(), abs=1e-9)


def test_hat_is_colour_hdris():
    z = np.linspace(0, 1, 1001)
    theirs = weighting_function_Debevec1997(z, 0.01, 0.99)
    np.testing.assert_allclose(debevec_hat(torch.tensor(z)), theirs / theirs.max(), atol=1e-3)


def test_sensor_noise_is_the_inverse_variance_of_log_exposure():
    """Monte Carlo: photons, read noise and rounding, pushed through the camera and back."""
    generator = torch.Generator().manual_seed(0)
    model = SensorNoise(Gamma(2.2), full_well=2000, read_noise=5, bits=8)
    for exposure in (0.1, 0.4, 0.8):
        electrons = torch.full((200_000,), exposure * 2000)
        measured = torch.poisson(electrons, generator) + 5 * torch.randn(electrons.shape, generator=generator)
        display = (Gamma(2.2)(measured / 2000) * 255).round() / 255
        variance = float(Gamma(2.2).inverse(display).log().var())
        expected = 1 / (variance * 2000)
        assert float(model(Gamma(2.2)(torch.tensor(exposure)))) == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("weight", [debevec_hat, sensor_noise])
def test_codes_next_to_clipping_do_not_count(weight):
    codes = weight(torch.tensor([0, 1, 2, 3, 128, 252, 253, 254, 255]) / 255)
    assert (codes > 0).tolist() == [False, False, False, True, True, True, False, False, False]


def test_sensor_noise_is_signal_over_the_variance_of_shot_read_and_rounding_noise():
    """Of a linear camera, whose codes are 1/255 apart: a uniform error of that width has a twelfth of its square."""
    well, read = 2000.0, 30.0
    weight = SensorNoise(Gamma(1.0), full_well=well, read_noise=read)
    display = torch.tensor([0.02, 0.1, 0.3, 0.9], dtype=torch.float64)
    variance = display / well + (read / well) ** 2 + (1 / 255) ** 2 / 12
    torch.testing.assert_close(weight(display), display**2 / (variance * well), rtol=2e-3, atol=0)

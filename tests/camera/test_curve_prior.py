import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hdrgen.camera import SRGB, CurvePrior, Sigmoid
from hdrgen.errors import InputError


def generator(seed):
    return torch.Generator().manual_seed(seed)


@given(st.integers(0, 10_000))
def test_every_curve_rises_from_0_to_1_and_is_its_inverses_inverse(seed):
    curve = CurvePrior(contrast=2.0, brightness=0.5).draw(generator(seed))
    exposure = torch.linspace(0, 1, 500)
    display = curve(exposure)
    assert (display.diff() > 0).all()
    assert display[[0, -1]].tolist() == pytest.approx([0, 1], abs=1e-6)
    torch.testing.assert_close(curve.inverse(display), exposure, atol=1e-4, rtol=0)


def test_a_stated_share_of_curves_is_plain_srgb():
    draws = generator(0)
    plain = [isinstance(CurvePrior(srgb=0.5, plain=0.4).draw(draws), SRGB) for _ in range(1000)]
    assert np.mean(plain) == pytest.approx(0.2, abs=0.04)


def test_their_mean_is_near_that_of_cameras():
    """Near the sigmoid (0.9, 0.6), by which HDRCNN describes 201 measured cameras; those spread by 0.1 to 0.2."""
    levels, draws = torch.linspace(0.02, 0.98, 49), generator(1)
    values = torch.stack([CurvePrior().draw(draws)(levels) for _ in range(400)])
    assert (values.mean(0) - Sigmoid(0.9, 0.6)(levels)).abs().max() < 0.07
    assert 0.02 < float(values.std(0).max()) < 0.2


def test_a_stated_share_of_curves_is_near_the_mean_of_cameras_and_the_others_stay_as_they_were():
    prior = CurvePrior(srgb=0, power=1, brightness=0, contrast=0, near=0.7)
    drawn = [prior.draw(generator(seed)) for seed in range(800)]
    near = [curve for curve in drawn if isinstance(curve, Sigmoid)]
    assert len(near) / len(drawn) == pytest.approx(0.7, abs=0.05)
    assert np.std(np.log2([[curve.n / 0.9, curve.sigma / 0.6] for curve in near]), 0) == pytest.approx(
        prior.near_spread, rel=0.1
    )
    half = torch.tensor([0.5])
    gammas = [-float(curve.inverse(half).log2()) for curve in drawn if not isinstance(curve, Sigmoid)]
    assert [min(gammas), max(gammas)] == pytest.approx(prior.gamma, abs=0.05)


@pytest.mark.parametrize("near", [-0.1, 1.1])
def test_no_such_share_is_an_error(near):
    with pytest.raises(InputError, match="shares of curves from 0 to 1, found near"):
        CurvePrior(near=near)

"""Curves drawn without a file: they rise from 0 to 1, in the shares that were asked for."""

import pytest
import torch

from hdrgen.camera import SRGB, CurvePrior, Gamma, TabulatedResponse

X = torch.linspace(0, 1, 513)


def test_curves_rise_from_0_to_1_and_their_inverse_undoes_them():
    generator = torch.Generator().manual_seed(0)
    for _ in range(100):
        response = CurvePrior(contrast=1.0, brightness=0.5).draw(generator)
        display = response(X)
        assert (display[0], display[-1]) == (0, pytest.approx(1))
        assert (display.diff() >= 0).all()
        assert (response(response.inverse(display)) - display).abs().max() < 1e-3


def test_shares_of_the_families():
    generator = torch.Generator().manual_seed(0)
    names = [CurvePrior().draw(generator).name for _ in range(600)]
    assert names.count(SRGB().name) == pytest.approx(600 * 0.35 * 0.4, abs=30)
    assert sum(name.startswith(SRGB().name) for name in names) == pytest.approx(600 * 0.35, abs=40)
    assert sum(name.startswith("gamma") for name in names) == pytest.approx(600 * 0.25, abs=40)


def test_without_spread_a_curve_is_its_transfer_function_with_a_tenth_of_contrast():
    prior = CurvePrior(srgb=0, power=1, gamma=(2.2, 2.2), brightness=0, contrast=0)
    response = prior.draw(torch.Generator().manual_seed(0))
    assert isinstance(response, TabulatedResponse)
    y = Gamma(2.2)(X)
    torch.testing.assert_close(response(X), y + 0.1 * y * (1 - y) * (2 * y - 1), rtol=0, atol=1e-3)

import kornia
import numpy as np
import pytest
import torch
from colour.models import eotf_inverse_sRGB
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.camera import SRGB, CameraResponse, EstimatedResponse, Gamma, Sigmoid, TabulatedResponse, stack_curves
from hdrgen.camera.response import power
from hdrgen.errors import InputError

CURVES = [
    Gamma(2.2),
    Gamma(0.8),
    SRGB(),
    Sigmoid(),
    Sigmoid(1.1, 0.5),
    TabulatedResponse(torch.tensor([0.0, 0.1, 0.1, 0.6, 1.0]), torch.tensor([0.0, 0.3, 0.303, 0.9, 1.0])),
    TabulatedResponse(torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0]), torch.tensor([0.0, 0.0, 0.7, 0.7, 1.0])),
]


@pytest.mark.parametrize("curve", CURVES, ids=repr)
def test_inverse_and_ends(curve: CameraResponse):
    z = torch.linspace(0, 1, 4097)
    torch.testing.assert_close(curve(curve.inverse(z)), z, atol=1 / 4096, rtol=0)
    assert curve(torch.tensor([0.0, 1.0])).tolist() == pytest.approx([0, 1], abs=1e-6)
    assert (curve(torch.linspace(-1, 2, 500)).diff() >= 0).all()


@pytest.mark.parametrize("curve", CURVES, ids=repr)
def test_gradients_are_finite_everywhere(curve: CameraResponse):
    for function in (curve, curve.inverse):
        x = torch.linspace(0, 1, 1025).requires_grad_()
        (gradient,) = torch.autograd.grad(function(x).sum(), x)
        assert torch.isfinite(gradient).all()


@pytest.mark.parametrize("curve", CURVES, ids=repr)
def test_gradcheck_inside(curve: CameraResponse):
    x = torch.tensor([0.03, 0.31, 0.52, 0.83], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(curve, x)


def test_srgb_is_the_standard():
    x = np.linspace(0, 1, 301)
    np.testing.assert_allclose(SRGB()(torch.tensor(x)), eotf_inverse_sRGB(x), atol=1e-6)
    codes = (torch.arange(3 * 4096) / (3 * 4096 - 1)).view(3, 64, 64)
    assert torch.equal(SRGB()(codes), kornia.color.linear_rgb_to_rgb(codes))
    assert torch.equal(SRGB().inverse(codes), kornia.color.rgb_to_linear_rgb(codes))
    image = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(SRGB()(image), SRGB()(image.flatten()).view_as(image))


@settings(max_examples=30)
@given(st.integers(0, 2**31))
def test_drawn_sigmoids_are_curves(seed):
    curve = Sigmoid.sample(torch.Generator().manual_seed(seed))
    assert curve.n > 0
    assert curve.sigma > 0
    assert Sigmoid.sample(torch.Generator().manual_seed(seed)).n == curve.n


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_computes_in_float32(dtype):
    x = torch.rand(3, 8, 8).to(dtype)
    for curve in CURVES:
        assert curve(x).dtype == torch.float32
        torch.testing.assert_close(curve(x), curve(x.float()))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            torch.testing.assert_close(curve.inverse(x.float()), curve.inverse(x))


def test_a_batch_of_curves_applies_each_to_its_image():
    curves = [
        TabulatedResponse(torch.linspace(0, 1, 64), torch.linspace(0, 1, 64) ** power, str(power))
        for power in (0.4, 0.6)
    ]
    stacks = torch.rand(2, 4, 3, 5, 6)
    both = stack_curves(curves)
    torch.testing.assert_close(both(stacks), torch.stack([c(s) for c, s in zip(curves, stacks, strict=True)]))
    torch.testing.assert_close(
        both.inverse(stacks[:, 0]), torch.stack([c.inverse(s[0]) for c, s in zip(curves, stacks, strict=True)])
    )


def test_estimated_tables_per_channel():
    tables = torch.linspace(0, 1, 256) ** torch.tensor([1.8, 2.0, 2.2])[:, None]
    image = torch.rand(2, 3, 4, 5)
    response = EstimatedResponse(tables)
    expected = image ** torch.tensor([1.8, 2.0, 2.2])[:, None, None]
    torch.testing.assert_close(response.inverse(image), expected, atol=1e-4, rtol=0)
    torch.testing.assert_close(response(response.inverse(image)), image, atol=1e-3, rtol=0)
    batch = EstimatedResponse(torch.stack([tables, tables.flip(0)]))
    torch.testing.assert_close(batch.inverse(image)[1], EstimatedResponse(tables.flip(0)).inverse(image[1]))


@pytest.mark.parametrize("make", [lambda: Gamma(0), lambda: Gamma(float("nan")), lambda: Sigmoid(-1, 0.6)])
def test_impossible_parameters(make):
    with pytest.raises(InputError, match="positive"):
        make()


@pytest.mark.parametrize("exponent", [0.3, 0.9, 1.1])
def test_powers_and_their_roots_are_inverses_in_the_toe_too(exponent):
    x = torch.tensor([0.0, 1e-12, 5e-9, 9e-9, 1.1e-8, 1e-7, 1e-3, 1.0], dtype=torch.float64)
    torch.testing.assert_close(power(power(x, exponent), 1 / exponent), x, rtol=1e-9, atol=0)

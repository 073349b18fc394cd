import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.camera import SRGB, Gamma, expose, exposure_ratio, form_image, quantise, relative_ev
from hdrgen.errors import InputError

stops = st.lists(st.floats(-20, 20), min_size=1, max_size=9)


@settings(max_examples=50)
@given(stops, st.integers(0, 8), st.floats(-10, 10))
def test_relative_ev_does_not_depend_on_the_origin(values, ref, shift):
    ref %= len(values)
    ev = torch.tensor(values, dtype=torch.float64)
    relative = relative_ev(ev, ref)
    assert float(relative[ref]) == 0
    torch.testing.assert_close(relative_ev(ev + shift, ref), relative, atol=1e-9, rtol=0)
    torch.testing.assert_close(exposure_ratio(ev[ref], ev), relative.exp2())


def test_relative_ev_needs_its_reference():
    with pytest.raises(InputError, match="found index 3"):
        relative_ev(torch.zeros(3), 3)


def test_exposing_shapes():
    scene = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(expose(scene, torch.tensor(1.0)), scene * 2)
    torch.testing.assert_close(expose(scene, torch.tensor(-2.0)), scene / 4)
    assert expose(scene, torch.zeros(4)).shape == (2, 4, 3, 4, 5)
    ev = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
    torch.testing.assert_close(expose(scene, ev)[1, 1], scene[1] * 8)


def test_image_formation_is_the_formula():
    scene = torch.rand(3, 16, 16) * 2
    ev = torch.tensor([-1.0, 0.0, 1.5])
    for bits in (8, 10, 16):
        image = form_image(scene, ev, Gamma(2.0), bits)
        top = 2**bits - 1
        expected = ((scene * 2**1.5).clamp(0, 1).sqrt() * top).round() / top
        torch.testing.assert_close(image[2], expected)
    torch.testing.assert_close(form_image(scene, torch.tensor(0.0), SRGB()), form_image(scene, ev, SRGB())[1])


def test_quantisation_is_straight_through_and_clipping_is_not():
    scene = torch.tensor([0.1, 0.5, 3.0]).view(3, 1, 1).requires_grad_()
    smooth, coded = (form_image(scene, torch.zeros(1), Gamma(2.0), bits) for bits in (None, 8))
    gradients = [torch.autograd.grad(image.sum(), scene)[0] for image in (smooth, coded)]
    torch.testing.assert_close(*gradients)
    assert float(gradients[1][2]) == 0
    assert torch.equal((coded * 255).round() / 255, coded)


def test_bits_out_of_range():
    with pytest.raises(InputError, match="found 17"):
        quantise(torch.zeros(1), 17)

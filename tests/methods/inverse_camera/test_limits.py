"""What InverseCamera restores: told by itself, and limited."""

import pytest
import torch

from hdrgen.camera import EstimatedResponse, Gamma
from hdrgen.errors import InputError
from hdrgen.methods import InverseCamera
from hdrgen.methods.inverse_camera.curve import response_of
from tests.methods.test_inverse_camera import TINY, photograph, trained_looking


@pytest.fixture
def lights():
    """A photograph with two clipped areas."""
    image = 0.85 * photograph(96, 128)
    image[..., 10:30, 20:60] = 1
    image[..., 60:64, 90:94] = 1
    return image


@torch.no_grad()
def test_the_gain_is_what_makes_the_radiance_of_the_linearised_photograph(lights):
    model = trained_looking()
    linear = response_of(model.estimate(lights).curve).inverse(lights)
    gain = model.gain(lights)
    assert gain.shape == (1, 1, 96, 128)
    assert gain.max() > 0.3
    torch.testing.assert_close(model.expand(lights), linear * gain.exp2(), rtol=1e-5, atol=1e-7)


@torch.no_grad()
def test_a_limit_shrinks_all_stops_in_proportion_and_nothing_below_white(lights):
    free, limited = trained_looking(), trained_looking()
    highest = float(free.gain(lights).max())
    limited.most_stops = highest / 3
    assert limited.gain(lights).max() <= limited.most_stops
    torch.testing.assert_close(limited.gain(lights), free.gain(lights) / 3, rtol=0.25, atol=0.02)
    limited.most_stops = 0.0
    curve = response_of(free.estimate(lights).curve)
    torch.testing.assert_close(limited.expand(lights), curve.inverse(lights))
    limited.most_stops = 10.0
    torch.testing.assert_close(limited.expand(lights), free.expand(lights))


@torch.no_grad()
def test_a_known_response_may_differ_by_channel(lights):
    levels = torch.linspace(0, 1, 256)
    model = InverseCamera(**TINY, response=EstimatedResponse(torch.stack([levels**g for g in (1.5, 2.0, 2.5)])))
    below = lights.amax(1)[0] < 0.9
    radiance = model.expand(lights)[0]
    for channel, gamma in enumerate((1.5, 2.0, 2.5)):
        expected = Gamma(gamma).inverse(lights[0, channel])
        torch.testing.assert_close(radiance[channel][below], expected[below], atol=2e-5, rtol=1e-3)


def test_fewer_than_no_stops_are_refused():
    with pytest.raises(InputError, match="expected 0 or more stops above white, found -1; pass most_stops=0"):
        InverseCamera(**TINY, most_stops=-1.0)


@torch.no_grad()
def test_what_has_no_clipped_pixel_is_spared_the_gain_that_would_be_1(lights):
    model = trained_looking()
    estimate = model.estimate(lights)
    dark = (0.9 * lights).clamp_max(0.9)
    linear = response_of(estimate.curve).inverse(dark)
    assert torch.equal(model._radiance(dark, estimate), linear)
    assert torch.equal(model.restoration(dark, linear, torch.full_like(dark[:, :1], 5.0)), linear)


@torch.no_grad()
def test_shares_belong_to_the_channels_in_the_order_of_how_far_they_are_clipped():
    restoration = InverseCamera(**TINY).restoration
    restoration.shares.copy_(torch.tensor([0.3, -1.0, 2.0]))
    image = 0.85 + 0.15 * torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    order = ((image - 0.9) / 0.095).clamp(0, 1).sort(1, descending=True).values
    strength = (order * restoration.shares.softmax(0).view(1, 3, 1, 1)).sum(1, keepdim=True)
    found = restoration(image, torch.ones_like(image), torch.full((1, 1, 16, 16), 3.0)).log2()
    torch.testing.assert_close(found, (3 * strength).expand_as(found), atol=1e-5, rtol=0)

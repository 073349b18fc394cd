"""Images moved by a flow, wherever it points."""

import math

import pytest
import torch

from hdrgen.nn.warping import warped


def gradients(flow: torch.Tensor, image: torch.Tensor) -> list[torch.Tensor]:
    """What an image shows, and the gradients of its sum with regard to image and flow."""
    image, flow = (each.detach().clone().requires_grad_() for each in (image, flow))
    moved = warped(image, flow)
    return [moved.detach(), *torch.autograd.grad(moved.nansum(), (image, flow))]


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(2, 6, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("axes", [0, 1, slice(None)])
def test_a_flow_of_nan_shows_nan_and_has_no_gradients(axes, image):
    flow = torch.zeros(2, 2, 64, 64)
    flow[:, axes] = math.nan
    moved, of_image, of_flow = gradients(flow, image)
    assert moved.isnan().all()
    assert not of_image.any()
    assert not of_flow.any()


@pytest.mark.parametrize(("by", "end"), [(math.inf, -1), (-math.inf, 0), (3e38, -1), (-3e38, 0)])
def test_a_flow_beyond_all_borders_shows_the_border(by, end, image):
    flow = torch.zeros(2, 2, 64, 64)
    flow[:, 0] = by
    moved, _, of_flow = gradients(flow, image)
    torch.testing.assert_close(moved, image[..., end, None].expand_as(image))
    assert not of_flow[:, 0].any()


def test_one_lost_pixel_leaves_the_others_as_they_were(image):
    flow = 3 * torch.randn(2, 2, 64, 64, generator=torch.Generator().manual_seed(1))
    whole, _, gradient = gradients(flow, image)
    lost = flow.clone()
    lost[1, 0, 5, 7] = math.nan
    moved, _, of_flow = gradients(lost, image)
    assert moved[1, :, 5, 7].isnan().all()
    whole[1, :, 5, 7], gradient[1, :, 5, 7] = math.nan, 0
    torch.testing.assert_close(moved, whole, rtol=0, atol=0, equal_nan=True)
    assert of_flow.equal(gradient)


def test_gradients_are_those_of_finite_differences():
    image = torch.rand(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    flow = 0.4 * torch.rand(1, 2, 5, 6, dtype=torch.float64) + 0.2  # between pixels, where all is smooth
    assert torch.autograd.gradcheck(warped, (image, flow.requires_grad_()))

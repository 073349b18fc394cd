"""Places that are not numbers, or far outside, when an image is warped."""

import pytest
import torch

from hdrgen.nn import warped


@pytest.mark.parametrize("place", [float("nan"), float("inf"), float("-inf"), 1e30, -1e30])
def test_any_flow_is_survived(place):
    """grid_sample reads outside of the image's memory where a place is NaN: the process ended."""
    image = torch.rand(1, 3, 96, 96)
    flow = torch.zeros(1, 2, 96, 96)
    flow[:, 0, ::2] = place
    moved = warped(image, flow)
    torch.testing.assert_close(moved[:, :, 1::2], image[:, :, 1::2], atol=1e-4, rtol=0)
    if place != place:
        assert moved[:, :, ::2].isnan().all()
    else:
        border = image[:, :, ::2, -1:] if place > 0 else image[:, :, ::2, :1]
        torch.testing.assert_close(moved[:, :, ::2], border.expand(-1, -1, -1, 96), atol=1e-4, rtol=0)


def test_gradients_end_where_the_image_does():
    image = torch.rand(1, 1, 8, 8, dtype=torch.float64)
    flow = torch.full((1, 2, 8, 8), 0.3, dtype=torch.float64)
    flow[..., 6:] = 30
    flow.requires_grad_()
    warped(image, flow).sum().backward()
    assert (flow.grad[:, 0, :, :6] != 0).all()
    assert (flow.grad[:, 0, :, 6:] == 0).all()

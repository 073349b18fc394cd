"""What is calibrated and fitted in float64 works on a device that has none, by the same numbers."""

import pytest
import torch

from hdrgen.camera import Gamma, calibrate_debevec, calibrate_robertson, form_image, response_residual
from hdrgen.methods import merge_stack
from hdrgen.metrics.crf_correction import correct_response
from tests.device_without_float64 import THERE, device_without_float64

EV = torch.tensor([-2.0, 0.0, 2.0])


def stack():
    scene = torch.logspace(-3, 0, 1024).view(1, 32, 32) * torch.tensor([1.0, 0.8, 0.6]).view(3, 1, 1)
    return form_image(scene, EV, Gamma(2.2))


def test_the_stand_in_refuses_float64_and_mixed_devices():
    with device_without_float64() as put:
        there = put(torch.ones(3))
        assert (there + 1).device == THERE
        assert torch.zeros(2, device=THERE).device == THERE
        with pytest.raises(TypeError, match="float64"):
            there.double()
        with pytest.raises(RuntimeError, match="same device"):
            there + torch.ones(3)


@pytest.mark.parametrize("calibrate", [calibrate_debevec, calibrate_robertson])
def test_calibration(calibrate):
    expected = calibrate(stack(), EV).inverse(stack())
    with device_without_float64() as put:
        curve = calibrate(put(stack()), put(EV))
        found = curve.inverse(put(stack()))
        assert found.device == THERE
        found = found.cpu()
    torch.testing.assert_close(found, expected)


def test_gradients_reach_the_pixels_of_such_a_device():
    def gradient(pixels, ev):
        pixels = pixels.requires_grad_()
        (gradient,) = torch.autograd.grad(calibrate_debevec(pixels, ev).inverse(pixels).sum(), pixels)
        return gradient.sum((-1, -2))  # of pixels that are equal, devices choose different ones

    expected = gradient(stack(), EV)
    with device_without_float64() as put:
        found = gradient(put(stack()), put(EV)).cpu()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_merging_residuals_and_fits():
    image, truth = (torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(seed)) * 90 + 5 for seed in (0, 1))
    response, merged = Gamma(2.2), merge_stack(stack()[None], EV)
    residual, corrected = response_residual(stack(), EV, response), correct_response(image, truth)
    with device_without_float64() as put:
        assert response_residual(put(stack()), put(EV), response) == pytest.approx(residual, rel=1e-4)
        found = merge_stack(put(stack()[None]), put(EV)).cpu(), correct_response(put(image), put(truth)).cpu()
    torch.testing.assert_close(found[0], merged, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(found[1], corrected, rtol=1e-4, atol=1e-4)

"""One code for NumPy's arrays and torch's tensors: both give the same."""

import numpy as np
import pytest
import torch

from hdrgen.array_kinds import between, evaluated, for_both, like, running_maximum, summed
from hdrgen.camera import (
    SRGB,
    CameraResponse,
    EstimatedResponse,
    Gamma,
    Sigmoid,
    TabulatedResponse,
    calibrate_debevec,
    form_image,
    frame_deviations,
    response_residual,
)
from hdrgen.fusion import (
    LinearMean,
    LogMean,
    PhotonMean,
    SensorNoise,
    debevec_hat,
    gaussian,
    merge_debevec,
    merge_mertens,
    merge_photographs,
    sensor_noise,
    triangle,
)

EV = torch.tensor([-2.0, 0.0, 2.0])
DISPLAY = torch.linspace(0, 1, 3 * 500).view(3, 1, 500)
TABLE = TabulatedResponse(torch.tensor([0.0, 0.1, 0.6, 1.0]), torch.tensor([0.0, 0.3, 0.9, 1.0]))


class Squared(CameraResponse):
    """Of somebody who knows tensors only."""

    def _encode(self, exposure):
        return exposure.sqrt()

    def _decode(self, display):
        return display.square()


def stack() -> torch.Tensor:
    scene = torch.rand(3, 40, 50, generator=torch.Generator().manual_seed(0)).mul(8).sub(7).exp2()
    return form_image(scene, EV, Gamma(2.2))


def same(found, tensor, rtol=2e-6, atol=1e-7):
    assert isinstance(found, np.ndarray)
    assert found.dtype == tensor.numpy().dtype
    np.testing.assert_allclose(found, tensor.numpy(), rtol=rtol, atol=atol)


@pytest.mark.parametrize("curve", [SRGB(), Gamma(2.2), Gamma(0.8), Gamma(1.0), Sigmoid(), TABLE, Squared()], ids=repr)
def test_a_response_takes_arrays(curve):
    for function in (curve, curve.inverse):
        same(function(DISPLAY.numpy()), function(DISPLAY))
        same(function(DISPLAY.double().numpy()), function(DISPLAY.double()))


@pytest.mark.parametrize("weight", [triangle, debevec_hat, gaussian, sensor_noise, SensorNoise(Gamma(1.0), bits=16)])
def test_a_weight_takes_arrays(weight):
    same(weight(DISPLAY.numpy()), weight(DISPLAY))


@pytest.mark.parametrize("mean", [LogMean(), LinearMean(), PhotonMean()])
def test_a_mean_takes_arrays(mean):
    exposure, ev = DISPLAY.clamp_min(1e-9), torch.tensor(1.5)
    same(mean.measure(exposure.numpy()), mean.measure(exposure))
    same(mean.value(exposure.numpy(), 1.5), mean.value(exposure, ev))
    same(mean.weight(exposure.numpy(), 1.5), mean.weight(exposure, ev))
    same(mean.radiance(exposure.numpy()), mean.radiance(exposure))


def test_a_calibration_of_arrays_is_that_of_tensors_in_double_precision():
    found, expected = calibrate_debevec(stack().numpy(), EV.numpy()), calibrate_debevec(stack().double(), EV)
    np.testing.assert_allclose(found.irradiance, expected.irradiance.numpy(), rtol=1e-6, atol=1e-9)
    same(found.inverse(DISPLAY.numpy()), expected.inverse(DISPLAY), rtol=1e-5)
    same(found(DISPLAY.numpy()), expected(DISPLAY), rtol=1e-5)
    torch.testing.assert_close(found.inverse(DISPLAY), expected.inverse(DISPLAY), rtol=1e-5, atol=1e-7)


def test_a_constant_scene_calibrates_as_before():
    frames = np.full((3, 3, 8, 8), 0.4, np.float32) + np.arange(3, dtype=np.float32)[:, None, None, None] / 10
    table = calibrate_debevec(frames, EV.numpy()).irradiance
    assert np.isfinite(table).all()
    assert (np.diff(table) >= 0).all()


def test_how_frames_agree_is_told_of_arrays():
    wrong = EV + torch.tensor([0.0, 0.5, 0.0])
    assert response_residual(stack().numpy(), wrong.numpy(), SRGB()) == pytest.approx(
        response_residual(stack(), wrong, SRGB()), rel=1e-6
    )
    assert frame_deviations(stack().numpy(), wrong.numpy(), SRGB()) == pytest.approx(
        frame_deviations(stack(), wrong, SRGB()), rel=1e-6
    )


def test_a_weight_that_knows_tensors_only_merges_photographs():
    frames = [np.ascontiguousarray(frame.permute(1, 2, 0).numpy()) for frame in stack()]
    found = merge_photographs(frames, EV.tolist(), Squared(), weight=lambda display: display.mul(1 - display).relu())
    expected = merge_debevec(stack(), EV, Squared(), weight=lambda display: display.mul(1 - display).relu())
    np.testing.assert_allclose(found, expected.permute(1, 2, 0).numpy(), rtol=1e-4)


def test_what_is_not_alike_in_both():
    values = torch.tensor([[1.0, 3.0, 2.0], [0.0, -1.0, 5.0]])
    places = torch.tensor([[0, 2, 0], [1, 1, 3]])
    same(running_maximum(values.numpy()), running_maximum(values))
    same(summed(values.numpy(), places.numpy(), 4), summed(values, places, 4))
    same(between(values.numpy(), 2 * values.numpy(), values.numpy()), between(values, 2 * values, values))
    assert like(0.1, torch.zeros(1, dtype=torch.float64)).item() == 0.1
    same(like(torch.ones(2), np.zeros(1, np.float32)), torch.ones(2))


def test_what_is_for_both_gets_what_it_was_given():
    assert isinstance(evaluated(for_both(lambda values: values), np.ones(1)), np.ndarray)
    seen = []
    evaluated(lambda values: seen.append(values) or values, np.ones(1))
    assert isinstance(seen[0], torch.Tensor)


@pytest.mark.parametrize("size", [(3, 5, 7), (3, 64, 2300), (3, 150, 90)])
def test_exposures_are_fused_as_arrays(size):
    frames = torch.rand(3, *size, generator=torch.Generator().manual_seed(1))
    for frame in (frames, frames.double()):
        same(merge_mertens(frame.numpy()), merge_mertens(frame), rtol=0, atol=2e-6 if frame is frames else 1e-12)
    weighed = {"contrast": 0.0, "saturation": 2.0, "exposure": 0.5}
    same(merge_mertens(frames.numpy(), **weighed), merge_mertens(frames, **weighed), rtol=0, atol=2e-6)


def test_a_curve_that_is_learned_merges_photographs():
    table = torch.linspace(0, 1, 32).square().repeat(3, 1).requires_grad_()
    found = EstimatedResponse(table).inverse(DISPLAY.numpy())
    same(found, EstimatedResponse(table.detach()).inverse(DISPLAY))

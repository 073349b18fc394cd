import cv2
import numpy as np
import pytest
import torch

from hdrgen.camera import Gamma, PixelGrid, Sigmoid, calibrate_robertson, form_image, robertson_bell
from hdrgen.camera.robertson import _filled
from hdrgen.errors import InputError

EV = torch.tensor([-4.0, -2.4, -1.3, 0.0, 0.7, 2.5, 4.0])


SQUARE = Gamma(2.0)


def stack(response=SQUARE, side=96):
    radiance = (torch.rand(3, side, side, generator=torch.Generator().manual_seed(0)) * 10 - 7).exp2()
    return form_image(radiance, EV, response)


def images(frames):
    return [np.ascontiguousarray(f) for f in (frames * 255).round().byte().permute(0, 2, 3, 1).numpy()]


@pytest.mark.parametrize("response", [SQUARE, Sigmoid()], ids=repr)
def test_equals_opencv_on_the_same_pixels(response):
    frames = stack(response)
    theirs = torch.from_numpy(cv2.createCalibrateRobertson().process(images(frames), EV.exp2().numpy()))[:, 0]
    ours = calibrate_robertson(frames, EV, sampling=PixelGrid(10**9)).irradiance.T
    ratio = (ours / theirs)[8:248]  # ours balances the channels, and is scaled to 1 at white
    torch.testing.assert_close(ratio / ratio.mean(0), torch.ones_like(ratio), rtol=2e-3, atol=0)


def test_finds_the_curve_from_a_part_of_the_pixels_and_levels_that_are_missing():
    display = torch.linspace(0.05, 0.9, 50).expand(3, 1, 50)
    found = calibrate_robertson(stack(), EV).inverse(display)
    torch.testing.assert_close(found, display**2, rtol=0.06, atol=2e-3)
    few = calibrate_robertson(stack(side=12), EV)
    assert (few.irradiance.diff() >= 0).all()
    torch.testing.assert_close(few.inverse(display), display**2, rtol=0.35, atol=2e-3)


def test_batches_and_order():
    frames = stack(side=48)
    one = calibrate_robertson(frames, EV)
    turned = calibrate_robertson(torch.stack([frames, frames]).flip(1), EV.flip(0))
    assert turned.irradiance.shape == (2, 3, 256)
    torch.testing.assert_close(turned.irradiance[1], one.irradiance)


def test_the_bell_is_opencvs():
    codes = torch.arange(256) / 255
    q = 255 / 4
    theirs = np.exp(-((np.arange(256) / q - 2) ** 2)) * np.exp(4) / (np.exp(4) - 1) + 1 / (1 - np.exp(4))
    torch.testing.assert_close(robertson_bell(codes), torch.from_numpy(theirs).float(), rtol=1e-4, atol=1e-6)


def test_errors():
    with pytest.raises(InputError, match="at least two"):
        calibrate_robertson(stack()[:1], EV[:1])
    with pytest.raises(InputError, match="mid-grey"):
        calibrate_robertson(torch.zeros(2, 3, 8, 8), EV[:2])


@pytest.mark.parametrize("known", [[0, 5, 9], [0, 9], [2, 3, 6], [4]])
def test_levels_without_pixels_lie_on_lines_in_log_exposure_and_stay_at_the_ends(known):
    curve = torch.linspace(0.3, 5, 10, dtype=torch.float64)[None]
    has = torch.zeros(1, 10, dtype=torch.bool)
    has[0, known] = True
    expected = np.exp(np.interp(np.arange(10), known, np.log(curve[0, known].numpy())))
    np.testing.assert_allclose(_filled(curve, has)[0].numpy(), expected, rtol=1e-6)

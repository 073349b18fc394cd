import cv2
import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.tonemap import Drago2003, drago2003


def photograph(*shape: int) -> torch.Tensor:
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 2).exp()


def opencvs(image: torch.Tensor, gamma: float, saturation: float, bias: float) -> np.ndarray:
    return cv2.createTonemapDrago(gamma, saturation, bias).process(image.permute(1, 2, 0).contiguous().numpy())


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize(("gamma", "saturation", "bias"), [(1, 1, 0.85), (2.2, 1, 0.7), (2.2, 1, 1), (1.8, 1, 0.95)])
def test_is_opencvs(scale, gamma, saturation, bias):
    image = photograph(3, 64, 48) * scale
    ours = drago2003(image, bias=bias, saturation=saturation, gamma=gamma).permute(1, 2, 0)
    # OpenCV leaves NaN where rounding took a pixel below 0 before its gamma.
    np.testing.assert_allclose(ours, np.nan_to_num(opencvs(image, gamma, saturation, bias)), atol=1e-5, rtol=0)


def test_saturation_is_opencvs():
    image = photograph(3, 64, 48)
    theirs = opencvs(image, 2.2, 0.6, 0.85)
    ours = drago2003(image, saturation=0.6).permute(1, 2, 0).numpy()
    finite = ~np.isnan(theirs)  # rounding takes the darkest channel below 0, whose power is NaN
    assert finite.mean() > 0.999
    assert np.abs(ours - theirs)[finite].max() < 1 / 255


def test_is_the_papers_curve():
    image = photograph(1, 40, 40).double().expand(3, 40, 40).clone()
    image[:, 0, 0] = 0
    world = image[0].numpy() / image.max().item()
    scaled = world / np.exp(np.log(world.clip(1e-4)).mean())
    base = 2 + 8 * (scaled / scaled.max()) ** (np.log(0.85) / np.log(0.5))
    display = np.log10(scaled + 1) / np.log10(base)
    np.testing.assert_allclose(drago2003(image, gamma=1)[0], display / display.max(), atol=1e-8)


def test_less_bias_is_brighter():
    images = [drago2003(photograph(1, 16, 16).expand(3, 16, 16), bias=bias).mean() for bias in (0.6, 0.8, 1.0)]
    assert images[0] > images[1] > images[2]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [({"bias": 0}, "bias above 0"), ({"bias": 1.1}, "found 1.1"), ({"saturation": -1}, "sat"), ({"gamma": 0}, "gamma")],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        Drago2003(**parameters)
    with pytest.raises(InputError, match=message):
        drago2003(photograph(3, 4, 4), **parameters)

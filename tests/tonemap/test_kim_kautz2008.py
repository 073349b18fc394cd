import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.tonemap import KimKautz2008, kim_kautz2008
from hdrgen.tonemap.kim_kautz2008 import _curve


def photograph(*shape: int) -> torch.Tensor:
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 2).exp()


def reference(image: np.ndarray, c1: float, c2: float, contrast: float, clip: float) -> np.ndarray:
    """The paper's formula in base 10, with sorted values for the percentiles."""
    luminance = image @ [0.2126, 0.7152, 0.0722]
    log10 = np.log10(luminance / luminance.max() + 1e-6)
    mean, span = log10.mean(), np.ptp(log10)
    k1 = np.log10(contrast) / span
    k2 = (1 - k1) * np.exp(-((log10 - mean) ** 2) / (2 * (span / c1) ** 2)) + k1
    display = 10 ** (c2 * k2 * (log10 - mean) + mean)
    ranked = np.sort(display.ravel())
    low, high = ranked[round(clip * ranked.size) - 1], ranked[round((1 - clip) * ranked.size) - 1]
    linear = image / luminance[..., None] * ((display - low) / (high - low)).clip(0, 1)[..., None]
    return linear.clip(0, 1) ** (1 / 2.2)


@pytest.mark.parametrize(("c1", "c2", "contrast", "clip"), [(3, 0.5, 1000, 0.01), (25, 0.15, 100, 0.05)])
@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_is_the_papers_formula(c1, c2, contrast, clip, scale):
    image = photograph(3, 40, 50).double()
    ours = kim_kautz2008(image * scale, c1=c1, c2=c2, display_range=contrast, clip=clip)
    expected = reference(image.permute(1, 2, 0).numpy(), c1, c2, contrast, clip)
    np.testing.assert_allclose(ours.permute(1, 2, 0), expected, atol=1e-6)
    single = kim_kautz2008(image.float() * scale, c1=c1, c2=c2, display_range=contrast, clip=clip)
    assert (single - ours).abs().max() < 1e-4


@pytest.mark.parametrize("stops", [0.5, 3, 10, 20])
def test_curve_rises_whatever_the_range(stops):
    log_luminance = torch.linspace(-stops, 0, 500, dtype=torch.float64).exp2().add(1e-6).log().view(1, 1, 500)
    assert (_curve(log_luminance, 3.0, 0.5, np.log(1000)).diff() > 0).all()


def test_slope_is_c2_at_the_mean_and_the_displays_far_away():
    log_luminance = torch.linspace(-20, 20, 4001, dtype=torch.float64).view(1, 1, 4001)
    slope = _curve(log_luminance, 20.0, 0.5, 10.0).log().diff().flatten() / 0.01
    assert slope[2000].item() == pytest.approx(0.5, abs=1e-3)
    assert slope[0].item() == pytest.approx(0.5 * 10 / 40, abs=1e-3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"c1": 0}, "positive c1"),
        ({"c2": -1}, "positive c2"),
        ({"display_range": 1}, "above 1"),
        ({"clip": 0.5}, "clip from 0"),
        ({"gamma": float("inf")}, "gamma"),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        KimKautz2008(**parameters)
    with pytest.raises(InputError, match=message):
        kim_kautz2008(photograph(3, 4, 4), **parameters)

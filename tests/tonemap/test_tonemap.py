import cv2
import numpy as np
import pytest
import torch
from colour_hdri import tonemapping_operator_Reinhard2004
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from hdrgen.errors import InputError
from hdrgen.metrics import load_protocol
from hdrgen.tonemap import Reinhard2005, inverse_mu_law, mu_law, reinhard2002, reinhard2005


def photograph(*shape: int) -> torch.Tensor:
    return (torch.randn(*shape, generator=torch.Generator().manual_seed(0)) * 2).exp()


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize(
    ("gamma", "intensity", "light", "chromatic"), [(1, 0, 1, 0), (2.2, 0, 0.5, 0), (1.5, -3, 0, 1), (1, 4, 0.3, 0.6)]
)
def test_reinhard2005_is_opencvs(scale, gamma, intensity, light, chromatic):
    image = photograph(3, 64, 48) * scale
    oracle = cv2.createTonemapReinhard(gamma, intensity, light, chromatic)
    theirs = oracle.process(image.permute(1, 2, 0).contiguous().numpy())
    ours = reinhard2005(image, intensity=intensity, chromatic=chromatic, light=light, gamma=gamma)
    # OpenCV leaves NaN where rounding took a pixel below 0 before its gamma.
    difference = np.abs(ours.permute(1, 2, 0).numpy() - np.nan_to_num(theirs))
    assert difference.max() < 1 / 255


def test_reinhard2005_contrast_against_colour_hdri():
    image = photograph(3, 32, 32)
    theirs = tonemapping_operator_Reinhard2004(image.permute(1, 2, 0).numpy(), f=0, m=0.5, a=0.7, c=0)
    ours = reinhard2005(image, contrast=0.5, light=0.7, chromatic=0.0, gamma=1).permute(1, 2, 0).numpy()
    ranks = [np.argsort(np.argsort(x[..., 1].ravel())) for x in (ours, np.asarray(theirs))]
    assert np.corrcoef(*ranks)[0, 1] > 0.97  # other luma, no stretching: the order of tones is what both share


@pytest.mark.parametrize(
    ("protocol", "name", "light", "gamma"),
    [
        ("le2023", "reinhard", 0.5, 2.2),
        ("kim2020", "reinhard", 0.0, 1.5),
        ("hdrgen", "reinhard2005", 0.5, 2.2),
        (None, "", 0.8, 2.2),
    ],
)
def test_reinhard2005_has_each_papers_numbers_in_its_protocol_and_others_by_default(protocol, name, light, gamma):
    """The defaults were chosen by eye, for pictures; scores are those of the papers' code."""
    operator = load_protocol(protocol).tone_mappers[name] if protocol else Reinhard2005()
    wanted = {"intensity": 0.0, "contrast": None, "chromatic": 0.0, "light": light, "gamma": gamma}
    assert vars(operator) == wanted


def test_reinhard2002_global_closed_form():
    image = photograph(3, 16, 16).double()
    x = image.permute(1, 2, 0).numpy()
    luminance = x @ [0.2126, 0.7152, 0.0722]
    average = np.exp(np.log(luminance + 1e-6 * luminance.max()).mean())
    scaled = 0.3 * luminance / average
    display = scaled * (1 + scaled / 25) / (1 + scaled)
    linear = (x * (display / luminance)[..., None]).clip(0, 1)
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    np.testing.assert_allclose(reinhard2002(image, key=0.3, white=5).permute(1, 2, 0), expected, atol=1e-5)


def test_reinhard2002_local_against_scipy_gaussians():
    grey = torch.nn.functional.interpolate(photograph(1, 1, 9, 9), size=(72, 72), mode="bilinear")[0].expand(3, 72, 72)
    luminance = grey[0].double().numpy()
    average = np.exp(np.log(luminance + 1e-6 * luminance.max()).mean())
    scaled = 0.18 * luminance / average
    levels = [gaussian_filter(scaled, 1.6**i / 4, mode="nearest", truncate=6) for i in range(9)]
    adaptation, searching = levels[0].copy(), np.ones_like(scaled, dtype=bool)
    for i in range(8):
        contrast = (levels[i] - levels[i + 1]) / (2**8 * 0.18 / 1.6 ** (2 * i) + levels[i])
        searching &= np.abs(contrast) < 0.05
        adaptation = np.where(searching, levels[i], adaptation)
    linear = (scaled * (1 + scaled / max(scaled.max(), 1) ** 2) / (1 + adaptation)).clip(0, 1)
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    difference = np.abs(reinhard2002(grey, local=True)[0].numpy() - expected)
    assert np.quantile(difference, 0.99) < 0.01  # our kernels end at three standard deviations
    assert (reinhard2002(grey, local=True) - reinhard2002(grey)).abs().max() > 0.01


@settings(max_examples=50)
@given(st.floats(-4, 4), st.floats(1, 1e5))
def test_mu_law_round_trip(x, mu):
    value = torch.tensor(x, dtype=torch.float64)
    assert inverse_mu_law(mu_law(value, mu), mu).item() == pytest.approx(x, abs=1e-9)


def test_mu_law_is_the_formula():
    x = torch.linspace(0, 1, 100, dtype=torch.float64)
    np.testing.assert_allclose(mu_law(x, 500), np.log(1 + 500 * x.numpy()) / np.log(501))
    assert torch.autograd.gradcheck(mu_law, (x[1:5] + 0.1).requires_grad_())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: mu_law(x, 0), "positive mu, found 0"),
        (lambda x: reinhard2005(x, intensity=9), "intensity from -8 to 8, found 9"),
        (lambda x: reinhard2005(x, contrast=2.0), "contrast"),
        (lambda x: reinhard2005(x, light=-0.1), "light"),
        (lambda x: reinhard2002(x, key=0), "positive key"),
        (lambda x: reinhard2002(x, white=-1), "positive white"),
    ],
)
def test_parameters_out_of_range(call, message):
    with pytest.raises(InputError, match=message):
        call(torch.rand(3, 4, 4))

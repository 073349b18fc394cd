import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio

from hdrgen.errors import InputError
from hdrgen.metrics import PSNR, PSNR_CEILING, PSNRMu, match_scale, psnr, psnr_l, psnr_mu, ssim_l, ssim_mu


def pair(seed=0, size=(24, 30)):
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(3, 3, *size, generator=generator)
    return (target + 0.1 * torch.rand(target.shape, generator=generator)).clamp(0, 1), target


def test_psnr_is_scikit_image_s_per_image():
    image, target = pair()
    expected = [
        peak_signal_noise_ratio(t.numpy(), i.numpy(), data_range=1.0) for i, t in zip(image, target, strict=True)
    ]
    np.testing.assert_allclose(psnr(image, target).numpy(), expected, rtol=1e-5)


def test_equal_images_stay_finite():
    assert psnr(torch.ones(1, 3, 4, 4), torch.ones(1, 3, 4, 4)).item() == PSNR_CEILING


@pytest.mark.parametrize("beyond_peak", ["score", "clip"])
def test_psnr_mu_by_hand(beyond_peak):
    image, target = pair()
    image = image * 1.5  # partly brighter than the peak
    peak = np.sort(target[0].numpy().ravel())[round(0.999 * target[0].numel()) - 1]
    result, truth = (x[0].double().numpy() / peak for x in (image, target))
    if beyond_peak == "clip":
        shown = np.clip(result, 0, 1)
    else:  # between the peak and a truth above it, nothing is an error
        shown = np.where(result > np.maximum(truth, 1), 1 + result - np.maximum(truth, 1), np.minimum(result, 1))
    coded = [np.log1p(5000 * x) / np.log1p(5000) for x in (shown, np.minimum(truth, 1))]
    expected = -10 * np.log10(np.mean((coded[0] - coded[1]) ** 2))
    assert psnr_mu(image[:1], target[:1], beyond_peak=beyond_peak).item() == pytest.approx(expected, abs=1e-3)


@given(
    stops=st.integers(1, 30), quantile=st.sampled_from([0.5, 0.999, 1.0]), whole=st.booleans(), seed=st.integers(0, 9)
)
@settings(max_examples=40)
@pytest.mark.parametrize("measure", [psnr_l, psnr_mu])
def test_the_brighter_the_worse_by_any_power_of_two(measure, stops, quantile, whole, seed):
    truth = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.1
    truth = torch.full_like(truth, 0.7) if whole else truth
    near, far = (measure(truth * 2.0**k, truth, peak_quantile=quantile).item() for k in (stops - 1, stops))
    assert far < near
    assert far <= measure(truth * 2.0**stops, truth, peak_quantile=quantile, beyond_peak="clip").item()


@pytest.mark.parametrize("measure", [psnr_l, psnr_mu, ssim_l, ssim_mu])
def test_a_lamp_that_fills_the_picture_is_not_right_at_any_brightness(measure):
    lamp = torch.full((1, 3, 12, 12), 0.7, dtype=torch.float64)
    best, *scores = (measure(lamp * 2.0**stops, lamp).item() for stops in range(12))
    assert scores == sorted(scores, reverse=True)
    assert scores[0] < best
    assert measure(1000 * lamp, lamp, beyond_peak="clip").item() == best  # as most public code has it


def test_a_result_beyond_the_peak_that_the_truth_reaches_is_no_error():
    truth = torch.ones(1, 3, 20, 20)
    truth[..., 0, 0] = 1000.0
    lamp = truth.clone()
    lamp[..., 0, 0] = 30.0
    for measure in (psnr_l, psnr_mu):
        assert measure(lamp, truth, peak_quantile=0.99).item() == PSNR_CEILING
        assert measure(lamp.clamp_max(1), truth, peak_quantile=0.99).item() == PSNR_CEILING
        assert measure(2 * truth, truth, peak_quantile=0.99).item() < 40


@pytest.mark.parametrize("scale", [1e6, 1e30])
def test_far_beyond_the_peak_stays_a_number_with_a_gradient(scale):
    _, target = pair()
    image = (target * scale).requires_grad_()
    (psnr_l(image, target) + psnr_mu(image, target)).sum().backward()
    assert psnr_l(image, target).isfinite().all()
    assert image.grad.isfinite().all()


def test_other_words_for_what_is_beyond_the_peak_are_refused():
    with pytest.raises(InputError, match="expected beyond_peak 'score' or 'clip', found 'cut'"):
        psnr_l(*pair(), beyond_peak="cut")


@pytest.mark.parametrize("scale", [1e-3, 1.0, 700.0])
def test_match_scale_undoes_a_factor_and_ignores_lost_highlights(scale):
    _, target = pair()
    target[:, :, :3] = 1000.0
    clipped = target.clamp_max(1.0)
    torch.testing.assert_close(match_scale(clipped * scale, target), clipped)


def test_black_images_are_finite():
    black = torch.zeros(1, 3, 16, 16)
    assert torch.isfinite(match_scale(black, black)).all()
    assert torch.isfinite(psnr_mu(black, black)).all()


def test_psnr_l_by_hand_over_the_largest_value():
    image, target = pair()
    peak = target[0].max().item() / 2
    target[0, 0, 0, 0] = 100 * peak
    expected = peak_signal_noise_ratio(
        *(np.clip(x[0].double().numpy() / (100 * peak), 0, 1) for x in (target, image)), data_range=1
    )
    assert psnr_l(image[:1], target[:1], peak_quantile=1).item() == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("measure", [psnr, psnr_l, psnr_mu])
@pytest.mark.parametrize("error", [0.0, 1e-20, 0.3])
def test_gradients_are_finite_also_without_error(measure, error):
    _, target = pair()
    image = (target + error).requires_grad_()
    measure(image, target).sum().backward()
    assert image.grad.isfinite().all()


def test_float64_stays_and_half_becomes_float32():
    image, target = pair()
    assert psnr(image.double(), target.double()).dtype == torch.float64
    assert psnr_mu(image.half(), target.half()).dtype == torch.float32


def test_per_image_values_are_averaged_not_errors():
    image, target = pair()
    image[0] = target[0] + 0.3
    metric = PSNR()
    for i in range(3):
        metric.update(image[i : i + 1], target[i : i + 1])
    found = {name: value.item() for name, value in metric.compute().items()}
    expected = psnr(image, target).double()
    assert found["psnr"] == pytest.approx(expected.mean().item())
    assert found["psnr_std"] == pytest.approx(expected.std(correction=0).item())


def test_class_and_function_agree_with_their_settings():
    image, target = pair()
    metric = PSNRMu(mu=100.0, peak_quantile=1.0)
    torch.testing.assert_close(metric.measure(image, target)["psnr_mu"], psnr_mu(image, target, 100.0, 1.0))
    assert metric.settings() == {"mu": 100.0, "peak_quantile": 1.0, "beyond_peak": "score"}

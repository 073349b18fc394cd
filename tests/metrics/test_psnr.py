import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from hdrgen.metrics import PSNR, PSNR_CEILING, PSNRMu, match_scale, psnr, psnr_l, psnr_mu


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


def test_psnr_mu_by_hand():
    image, target = pair()
    peak = np.sort(target[0].numpy().ravel())[round(0.999 * target[0].numel()) - 1]
    coded = [np.log1p(5000 * np.clip(x[0].numpy() / peak, 0, 1)) / np.log1p(5000) for x in (image, target)]
    expected = -10 * np.log10(np.mean((coded[0] - coded[1]) ** 2))
    assert psnr_mu(image[:1], target[:1]).item() == pytest.approx(expected, abs=1e-3)


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


def test_psnr_l_by_hand_cuts_at_the_peak():
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
    assert metric.settings() == {"mu": 100.0, "peak_quantile": 1.0}

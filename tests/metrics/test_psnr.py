import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from hdrgen.metrics import PSNR_CEILING, match_scale, psnr, psnr_mu, ssim


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


def test_ssim_is_scikit_image_s_with_the_gaussian_window_and_no_border():
    image, target = pair()
    for i, t, found in zip(image, target, ssim(image, target), strict=True):
        _, full = structural_similarity(
            t.numpy(),
            i.numpy(),
            data_range=1.0,
            channel_axis=0,
            gaussian_weights=True,
            use_sample_covariance=False,
            full=True,
        )
        assert found.item() == pytest.approx(full[:, 5:-5, 5:-5].mean(), abs=2e-4)


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

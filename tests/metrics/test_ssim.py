import json

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    structural_similarity_index_measure,
)

from hdrgen.errors import InputError
from hdrgen.metrics import SSIM, SSIML, SSIMMu, ms_ssim, ssim, ssim_l, ssim_mu, windows
from hdrgen.metrics.ms_ssim import EXPONENTS
from hdrgen.tonemap import mu_law


def pair(size=(24, 30), count=3, noise=0.1, seed=0):
    generator = torch.Generator().manual_seed(seed)
    target = torch.rand(count, 3, *size, generator=generator, dtype=torch.float64)
    return (target + noise * torch.randn(target.shape, generator=generator, dtype=torch.float64)).clamp(0, 1), target


@pytest.mark.parametrize("kind", [SSIM, SSIML, SSIMMu])
def test_a_board_and_its_opposite_are_at_the_lower_bound(kind):
    """Their means are the same, and they do not agree in any square."""
    board = (torch.arange(24.0)[:, None] + torch.arange(30.0)).remainder(2).expand(1, 3, 24, 30).double()
    (found,) = kind().measure(1 - board, board).values()
    assert found.item() == pytest.approx(kind.bounds[0], abs=0.02)


def by_scikit_image(image, target):
    _, full = structural_similarity(
        target.numpy(),
        image.numpy(),
        data_range=1.0,
        channel_axis=0,
        gaussian_weights=True,
        use_sample_covariance=False,
        full=True,
    )
    return full[:, 5:-5, 5:-5].mean()


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-10), (torch.float32, 2e-6)])
def test_ssim_is_scikit_image_s_without_border(dtype, tolerance):
    image, target = pair()
    expected = [by_scikit_image(i, t) for i, t in zip(image, target, strict=True)]
    np.testing.assert_allclose(ssim(image.to(dtype), target.to(dtype)).numpy(), expected, atol=tolerance)


def test_mirrored_border_is_torchmetrics():
    image, target = pair()
    expected = structural_similarity_index_measure(image, target, data_range=1.0, reduction="none")
    torch.testing.assert_close(ssim(image, target, border="reflect"), expected, atol=1e-9, rtol=0)


def test_replicated_border_counts_every_pixel():
    image, target = (x[:1, :1] for x in pair())
    padded = (np.pad(x[0, 0].numpy(), 5, mode="edge")[None] for x in (image, target))
    assert ssim(image, target, border="replicate").item() == pytest.approx(
        by_scikit_image(*map(torch.from_numpy, padded)), abs=1e-10
    )


def test_ms_ssim_is_torchmetrics_scale_by_scale_without_border():
    image, target = (x[:, :1] for x in pair(size=(180, 200), count=1, noise=0.2))
    expected, fine, coarse = 1.0, image, target
    for scale, exponent in enumerate(EXPONENTS, 1):
        _, contrast = structural_similarity_index_measure(
            fine, coarse, data_range=1.0, return_contrast_sensitivity=True, reduction="none"
        )
        factor = ssim(fine, coarse) if scale == len(EXPONENTS) else contrast
        expected = expected * factor**exponent
        fine, coarse = (torch.nn.functional.avg_pool2d(x, 2) for x in (fine, coarse))
    torch.testing.assert_close(ms_ssim(image, target), expected, atol=1e-9, rtol=0)


def test_ms_ssim_differs_from_torchmetrics_by_the_border_of_the_coarsest_scale_only():
    image, target = (x[:, :2] for x in pair(size=(176, 192), count=1, noise=0.2))
    theirs = multiscale_structural_similarity_index_measure(image, target, data_range=1.0, reduction="none")
    coarsest = [torch.nn.functional.avg_pool2d(x, 16) for x in (image, target)]
    border = ssim(*coarsest, border="reflect") / ssim(*coarsest)
    torch.testing.assert_close(ms_ssim(image, target) * border ** EXPONENTS[-1], theirs, atol=1e-8, rtol=0)


def test_ssim_of_radiance_is_ssim_over_the_peak():
    image, target = pair()
    peak = 700.0
    target[:, 0, 0, 0] = 1.0  # the largest value
    torch.testing.assert_close(ssim_l(peak * image, peak * target, 1.0), ssim(image, target))
    torch.testing.assert_close(
        ssim_mu(peak * image, peak * target, 100.0, 1.0), ssim(mu_law(image, 100.0), mu_law(target, 100.0))
    )


def test_data_range_scales():
    image, target = pair()
    torch.testing.assert_close(ssim(256 * image, 256 * target, data_range=256), ssim(image, target))


@pytest.mark.parametrize("measure", [ssim, ms_ssim])
def test_equal_images_score_one_with_a_gradient_of_zero(measure):
    _, target = pair(size=(176, 176), count=1)
    image = target.clone().requires_grad_()
    value = measure(image, target)
    value.sum().backward()
    assert value.item() == pytest.approx(1)
    assert image.grad.abs().max() < 1e-9


def test_gradient_is_finite_where_the_contrast_is_opposite():
    _, target = pair(size=(176, 176), count=1)
    image = (1 - target).requires_grad_()
    ms_ssim(image, target).sum().backward()
    assert image.grad.isfinite().all()


def test_half_precision_is_measured_in_float32_also_under_autocast():
    image, target = (x.half() for x in pair())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = ssim(image, target)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, ssim(image.float(), target.float()))


@pytest.mark.parametrize(("measure", "side"), [(ssim, 10), (ms_ssim, 175)])
def test_small_images_are_refused(measure, side):
    with pytest.raises(InputError, match=f"found 300 x {side}"):
        measure(torch.zeros(1, 3, side, 300), torch.zeros(1, 3, side, 300))


def test_reference_values_of_linear_and_mu_law_psnr(shared):
    from hdrgen.metrics import psnr_l, psnr_mu

    folder = shared / "reference/hdrvdp2/pairs"
    target = torch.from_numpy(np.load(folder / "bridge256__ref.npy")).double().movedim(-1, 0)[None]
    rows = json.loads((shared / "reference/pu21/references.json").read_text())["results"]
    for row in rows[::4]:
        name = row["id"]
        image = torch.from_numpy(np.load(folder / f"{name}.npy")).double().movedim(-1, 0)[None]
        if not name.startswith("bridge256") or row["psnr_mu"] is None:
            continue
        assert psnr_mu(image, target, peak_quantile=1, beyond_peak="clip").item() == pytest.approx(
            row["psnr_mu"], abs=1e-6
        )
        assert psnr_l(image, target, peak_quantile=1, beyond_peak="clip").item() == pytest.approx(
            row["psnr_linear"], abs=1e-6
        )


@pytest.mark.parametrize("border", ["valid", "replicate", "reflect"])
def test_strips_are_the_whole(monkeypatch, border):
    image, target = torch.rand(2, 2, 3, 61, 23, dtype=torch.float64)
    monkeypatch.setattr(windows, "STRIP", 10**9)
    whole = windows.similarity(image, target, 1.0, border)
    monkeypatch.setattr(windows, "STRIP", 1)
    for part, expected in zip(windows.similarity(image, target, 1.0, border), whole, strict=True):
        torch.testing.assert_close(part, expected, rtol=1e-12, atol=1e-12)

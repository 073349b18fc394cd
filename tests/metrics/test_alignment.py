import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hdrgen.errors import InputError
from hdrgen.metrics import (
    ALIGNMENTS,
    align_exposure,
    align_least_squares,
    align_mean,
    align_median,
    align_percentiles,
    match_percentiles,
    unaligned,
)

SCALES = [align_mean, align_least_squares, align_median, align_exposure, match_percentiles]


def pair(seed=0, size=(20, 50)):
    generator = torch.Generator().manual_seed(seed)
    target = torch.exp(2 * torch.randn(2, 3, *size, generator=generator, dtype=torch.float64))
    return target * torch.rand(target.shape, generator=generator, dtype=torch.float64), target


@pytest.mark.parametrize("align", SCALES)
@given(stops=st.floats(-12, 12))
@settings(max_examples=10)
def test_a_factor_is_undone(align, stops):
    _, target = pair()
    found, wanted = align(target * 2**stops, target)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)


def test_means_become_equal():
    found, target = align_mean(*pair())
    torch.testing.assert_close(found.mean((1, 2, 3)), target.mean((1, 2, 3)))


def test_least_squares_is_numpy_s():
    image, target = pair()
    found, _ = align_least_squares(image, target)
    for i, t, f in zip(image, target, found, strict=True):
        factor, *_ = np.linalg.lstsq(i.numpy().reshape(-1, 1), t.numpy().ravel(), rcond=None)
        np.testing.assert_allclose(f.numpy(), i.numpy() * factor, rtol=1e-9)


def test_percentiles_of_both_become_1_and_999():
    for aligned in align_percentiles(*pair()):
        low, high = np.quantile(aligned.flatten(1).numpy(), [0.001, 0.999], axis=1, method="inverted_cdf")
        np.testing.assert_allclose(low, 1, rtol=1e-9)
        np.testing.assert_allclose(high, 999, rtol=1e-9)
        assert aligned.min() >= 0


def test_matched_percentiles_are_the_target_s():
    image, target = pair()
    found, same = match_percentiles(image, target)
    assert same is target
    for share in (0.001, 0.999):
        np.testing.assert_allclose(
            *(np.quantile(x.flatten(1).numpy(), share, axis=1, method="inverted_cdf") for x in (found, target)),
            rtol=1e-9,
        )


def test_percentiles_are_the_values_of_the_nearest_rank():
    """Of 1,920 values, 1.92 and 1,918.08 lie at or below the two."""
    values = torch.randperm(1920).double().view(1, 3, 20, 32)
    found, _ = align_percentiles(values, values)
    low, high = 1, 1917  # the second smallest value, and the one of rank 1,918
    torch.testing.assert_close(found, ((values - low) * (998 / (high - low)) + 1).clamp_min(0))


def test_exposure_anchor_ignores_highlights_and_noise():
    _, target = pair()
    image = torch.where(target > 0.9, 0.9, target).where(target >= 0.02, 0.5)
    found, _ = align_exposure(3 * image, target)
    torch.testing.assert_close(found, image)


def test_exposure_anchor_needs_something_well_exposed():
    with pytest.raises(InputError, match="choose another alignment"):
        align_exposure(torch.ones(1, 3, 2, 2), torch.full((1, 3, 2, 2), 500.0))


def test_unaligned_changes_nothing():
    image, target = pair()
    assert unaligned(image, target) == (image, target)


@pytest.mark.parametrize("align", ALIGNMENTS.values(), ids=ALIGNMENTS)
def test_every_alignment_is_differentiable_and_finite_for_a_black_result(align):
    _, target = pair()
    for image in (target * 0.3, torch.zeros_like(target)):
        leaf = image.float().requires_grad_()
        found, _ = align(leaf, target.float())
        found.square().mean().backward()
        assert found.isfinite().all()
        assert leaf.grad.isfinite().all()


@pytest.mark.parametrize("align", ALIGNMENTS.values(), ids=ALIGNMENTS)
def test_images_of_a_batch_are_aligned_each_on_its_own(align):
    image, target = pair()
    together = align(image, target)
    alone = [align(image[i : i + 1], target[i : i + 1]) for i in range(2)]
    for both, parts in zip(together, zip(*alone, strict=True), strict=True):
        torch.testing.assert_close(both, torch.cat(parts))


@pytest.mark.parametrize("align", ALIGNMENTS.values(), ids=ALIGNMENTS)
def test_a_constant_image_stays_finite(align):
    flat = torch.full((1, 3, 4, 4), 0.5)
    assert all(x.isfinite().all() for x in align(flat, flat))

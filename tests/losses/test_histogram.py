import kornia
import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.losses import histogram_loss, soft_histogram, value_histogram


def test_eight_bit_images_are_counted_as_numpy_does():
    codes = torch.randint(0, 256, (2, 3, 16, 16))
    found = soft_histogram(codes / 255) * 256
    for image, row in zip(codes.flatten(0, 1), found.flatten(0, 1), strict=True):
        expected = np.bincount(image.flatten().numpy(), minlength=256)
        np.testing.assert_allclose(row.numpy(), expected, atol=1e-3)


def test_values_between_levels_as_kornia_s_triangular_kernel():
    values = torch.rand(1, 1, 8, 8)
    # kornia's bins have their centres at (l + 1/2) / L of its range; this range puts them on our levels.
    levels = 9
    half = 0.5 / (levels - 1)
    oracle, _ = kornia.enhance.image_histogram2d(
        values, -half, 1 + half, levels, bandwidth=1 / (levels - 1), kernel="triangular"
    )
    torch.testing.assert_close(soft_histogram(values, levels), oracle / oracle.sum(-1, keepdim=True))


def test_nan_makes_the_loss_nan():
    values = torch.rand(1, 3, 8, 8)
    values[0, 1, 2, 3] = torch.nan
    assert histogram_loss(values, torch.rand(1, 3, 8, 8)).isnan()


def test_gradient_against_finite_differences():
    torch.manual_seed(0)
    values = ((torch.rand(1, 1, 4, 4) * 7).floor() + 0.3 + 0.4 * torch.rand(1, 1, 4, 4)) / 8
    target = torch.rand(1, 1, 4, 4)
    values.requires_grad_()
    histogram_loss(values, target, 9).backward()
    for index in range(16):
        step = torch.zeros(16)
        step[index] = 1e-3
        moved = [histogram_loss(values.detach() + sign * step.view(1, 1, 4, 4), target, 9) for sign in (1, -1)]
        slope = ((moved[0] - moved[1]) / 2e-3).item()
        assert values.grad.flatten()[index].item() == pytest.approx(slope, abs=2e-3)


def test_equal_histograms_have_no_distance_wherever_the_pixels_are():
    image = torch.rand(2, 3, 8, 8)
    shuffled = image.flatten(2)[..., torch.randperm(64)].view_as(image)
    assert histogram_loss(image, shuffled).item() == pytest.approx(0, abs=1e-5)
    assert histogram_loss(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4)).item() == pytest.approx(2)


def values_in_numpy(image):
    """Per channel of (C, H, W): the sum of the values in each of 256 bins, over the bin's value, over N."""
    values = 255 * image.reshape(len(image), -1).astype(np.float64)
    level = np.floor(values + 1e-6).astype(int)
    sums = np.stack([np.bincount(at, v, minlength=256) for at, v in zip(level, values, strict=True)])
    return sums / np.maximum(np.arange(256), 1) / values.shape[1]


def test_equation_4_in_numpy_with_the_authors_count():
    torch.manual_seed(0)
    image, target = (torch.randint(0, 255, (2, 3, 16, 16)) + between for between in (0.05 + 0.9 * torch.rand(1), 0))
    image, target = image / 255, target / 255
    for each in (image, target):
        found = value_histogram(each[0])
        np.testing.assert_allclose(found.numpy(), values_in_numpy(each[0].numpy()), rtol=1e-4, atol=1e-6)
    pairs = zip(image.numpy(), target.numpy(), strict=True)
    # The mean over levels of counts in units of N / L, which is the sum over levels of shares.
    expected = [np.abs(values_in_numpy(i) - values_in_numpy(t)).sum(1).mean() for i, t in pairs]
    assert histogram_loss(image, target, kind="values").item() == pytest.approx(np.mean(expected), rel=1e-4)


def test_the_authors_gradient_is_that_of_a_value_over_its_level():
    image, target = torch.tensor([[[[0.4, 100.3, 200.6, 254.9]]]]) / 255, torch.full((1, 1, 1, 4), 30 / 255)
    image.requires_grad_()
    histogram_loss(image, target, kind="values").backward()
    expected = 255 / 4 / torch.tensor([1.0, 100.0, 200.0, 254.0])
    torch.testing.assert_close(image.grad.flatten(), expected)


def test_nan_has_no_level_of_the_authors_either():
    values = torch.rand(1, 3, 8, 8)
    values[0, 1, 2, 3] = torch.nan
    assert histogram_loss(values, torch.rand(1, 3, 8, 8), kind="values").isnan()


def test_half_precision_is_counted_in_float32():
    assert soft_histogram(torch.rand(3, 64, 64).bfloat16()).sum(-1).tolist() == pytest.approx([1, 1, 1], abs=1e-4)


def test_one_level_is_no_histogram():
    with pytest.raises(InputError, match="at least 2 levels, found 1"):
        soft_histogram(torch.rand(1, 4, 4), 1)

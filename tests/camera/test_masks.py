import pytest
import torch

from hdrgen.camera import over_exposed_mask, under_exposed_mask, well_exposed_mask
from hdrgen.errors import InputError


def test_luminance_ramp_closed_form():
    image = torch.rand(2, 3, 16, 16, dtype=torch.float64)
    luma = 0.299 * image[:, 0] + 0.587 * image[:, 1] + 0.114 * image[:, 2]
    under, over = (0.05 - luma).clamp_min(0) / 0.05, (luma - 0.95).clamp_min(0) / 0.05
    torch.testing.assert_close(well_exposed_mask(image)[:, 0], 1 - torch.maximum(under, over))


def test_max_and_min_ramps_mirror():
    image = torch.rand(3, 8, 8)
    torch.testing.assert_close(over_exposed_mask(image, 0.88), under_exposed_mask(1 - image, 0.88))
    assert over_exposed_mask(torch.tensor([0.0, 0.2, 1.0]).view(3, 1, 1)).item() == 1
    assert under_exposed_mask(torch.tensor([0.0, 0.2, 1.0]).view(3, 1, 1)).item() == 1


def test_gradients_and_half_precision():
    image = torch.rand(3, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(well_exposed_mask, image)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert well_exposed_mask(image.detach().bfloat16()).dtype == torch.float32


def test_threshold_range():
    with pytest.raises(InputError, match=r"found 0\.4"):
        over_exposed_mask(torch.rand(3, 2, 2), 0.4)


@pytest.mark.parametrize("mask", [well_exposed_mask, over_exposed_mask, under_exposed_mask])
@pytest.mark.parametrize("threshold", [0.5, 1.0])
def test_the_ends_of_the_range_of_thresholds_are_outside(mask, threshold):
    with pytest.raises(InputError, match=f"between 0.5 and 1, found {threshold}"):
        mask(torch.rand(3, 2, 2), threshold)

import pytest
import torch
import torch.nn.functional as F

from hdrgen.nn import bicubic, enlarge


@pytest.mark.parametrize("largest", [0, 256])
@pytest.mark.parametrize(("old", "new"), [((4, 6), (8, 12)), ((3, 5), (12, 20)), ((1, 1), (4, 4)), ((7, 5), (11, 13))])
def test_values_and_gradients_are_torchs(old, new, largest, monkeypatch):
    monkeypatch.setattr(bicubic, "LARGEST_MATRIX", largest)
    image = torch.rand(2, 3, *old, requires_grad=True)
    expected = F.interpolate(image, size=new, mode="bicubic", align_corners=False)
    found = enlarge(image, new)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)
    weight = torch.rand_like(expected)
    (wanted,) = torch.autograd.grad((expected * weight).sum(), image)
    torch.testing.assert_close(torch.autograd.grad((found * weight).sum(), image)[0], wanted, atol=1e-5, rtol=0)


def test_dtype_stays_and_the_sum_is_made_in_float32():
    image = torch.rand(1, 2, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        found = enlarge(image, (8, 8))
    assert found.dtype == torch.bfloat16
    expected = F.interpolate(image.float(), size=(8, 8), mode="bicubic", align_corners=False)
    assert torch.equal(found, expected.bfloat16())


def test_training_may_follow_inference():
    """The matrix is kept; one made under inference mode would not do for gradients."""
    bicubic.enlarging_matrix.cache_clear()
    with torch.inference_mode():
        enlarge(torch.rand(1, 1, 3, 3), (6, 6))
    image = torch.rand(1, 1, 3, 3, requires_grad=True)
    enlarge(image, (6, 6)).sum().backward()
    assert image.grad is not None

import torch
from torch import nn

from hdrgen.losses import judged_by_a_fixed, least_squares


def test_least_squares_pixel_by_pixel():
    verdict, label = torch.rand(2, 1, 4, 4), torch.rand(2, 1, 4, 4)
    torch.testing.assert_close(least_squares(verdict, label), nn.functional.mse_loss(verdict, label) / 2)
    assert least_squares(verdict.bfloat16(), 1.0).dtype == torch.float32


def test_a_fixed_discriminator_passes_the_gradient_on_but_keeps_none():
    judge, image = nn.Conv2d(3, 1, 3), torch.rand(1, 3, 8, 8, requires_grad=True)
    verdict = judged_by_a_fixed(judge, image)
    assert torch.equal(verdict, judge(image))
    verdict.sum().backward()
    assert image.grad.abs().sum() > 0
    assert all(p.grad is None for p in judge.parameters())
    judge(image).sum().backward()
    assert all(p.grad is not None for p in judge.parameters())

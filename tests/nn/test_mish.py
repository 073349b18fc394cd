import pytest
import torch
import torch.nn.functional as F

from hdrgen.nn import Mish

LAYOUTS = {
    "contiguous": lambda x: x,
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "neither": lambda x: x.transpose(1, 3),
}


def features(dtype=torch.float32):
    generator = torch.Generator().manual_seed(0)
    spread = 8 * torch.randn(2, 3, 40, 50, dtype=dtype, generator=generator)
    spread[0, 0, 0, :6] = torch.tensor([-200.0, -88.0, -0.0, 20.0, 90.0, 300.0])
    return spread


@pytest.mark.parametrize("layout", LAYOUTS)
def test_values_and_gradients_are_those_of_the_formula_in_float64(layout):
    x = LAYOUTS[layout](features())
    exact = x.double().requires_grad_()
    (exact * torch.tanh(F.softplus(exact))).sum().backward()
    leaf = x.clone().requires_grad_()
    made = Mish()(leaf * 1)
    made.sum().backward()
    wanted = F.mish(exact.detach())
    torch.testing.assert_close(made.double(), wanted, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(leaf.grad.double(), exact.grad, rtol=1e-5, atol=2e-6)
    torch.testing.assert_close(Mish()(x.clone()).double(), wanted, rtol=1e-6, atol=1e-7)
    assert made.stride() == x.stride()


def test_chunks_meet_without_a_seam(monkeypatch):
    monkeypatch.setattr("hdrgen.nn.mish.CHUNK", 7)
    x = features()[:1, :, :5, :5]
    leaf, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    torch.autograd.backward([Mish()(leaf * 1).sum(), F.mish(theirs).sum()])
    torch.testing.assert_close(leaf.grad, theirs.grad, rtol=1e-5, atol=2e-6)


def test_the_gradient_agrees_with_finite_differences():
    x = torch.linspace(-12, 12, 24, dtype=torch.float64).view(1, 2, 3, 4).requires_grad_()
    assert torch.autograd.gradcheck(lambda each: Mish()(each * 1), x)


def test_a_gradient_in_another_order_of_memory():
    x = features().requires_grad_()
    made = Mish()(x * 1)
    (made * made.detach().to(memory_format=torch.channels_last)).sum().backward()
    y = features().requires_grad_()
    (F.mish(y) * F.mish(y).detach()).sum().backward()
    torch.testing.assert_close(x.grad, y.grad, rtol=1e-5, atol=1e-4)


def test_half_precision_is_torchs():
    x = features().bfloat16()
    assert torch.equal(Mish()(x.clone()), F.mish(x))

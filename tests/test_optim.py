import copy

import pytest
import torch
from torch import nn

from hdrgen.optim import GradientCentralizedAdam


def adam_by_hand(weight, gradients, lr, betas, eps=1e-8):
    """Kingma and Ba 2015, Algorithm 1."""
    first = second = torch.zeros_like(weight)
    for time, gradient in enumerate(gradients, 1):
        first = betas[0] * first + (1 - betas[0]) * gradient
        second = betas[1] * second + (1 - betas[1]) * gradient**2
        weight = weight - lr * (first / (1 - betas[0] ** time)) / ((second / (1 - betas[1] ** time)).sqrt() + eps)
    return weight


def centred(gradient):
    return gradient - gradient.mean((1, 2, 3), keepdim=True)


def test_two_steps_by_hand():
    start, gradients = torch.randn(4, 3, 3, 3).double(), torch.randn(2, 4, 3, 3, 3).double()
    weight = nn.Parameter(start.clone())
    optimizer = GradientCentralizedAdam([weight], lr=0.1)
    for gradient in gradients:
        weight.grad = gradient.clone()
        optimizer.step()
    expected = adam_by_hand(start, [centred(gradient) for gradient in gradients], 0.1, (0.5, 0.999))
    torch.testing.assert_close(weight.detach(), expected)


def test_weight_decay_is_part_of_what_is_centralised():
    start, gradient = torch.randn(4, 3, 3, 3).double(), torch.randn(4, 3, 3, 3).double()
    weight = nn.Parameter(start.clone())
    optimizer = GradientCentralizedAdam([weight], lr=0.1, weight_decay=0.3)
    weight.grad = gradient.clone()
    optimizer.step()
    expected = adam_by_hand(start, [centred(gradient + 0.3 * start)], 0.1, (0.5, 0.999))
    torch.testing.assert_close(weight.detach(), expected)


@pytest.mark.parametrize("shape", [(5,), (6, 5)])
def test_biases_and_tables_take_plain_adam(shape):
    one = nn.Parameter(torch.randn(shape))
    two = copy.deepcopy(one)
    one.grad, two.grad = torch.randn(shape), None
    two.grad = one.grad.clone()
    GradientCentralizedAdam([one], lr=0.1).step()
    torch.optim.Adam([two], lr=0.1, betas=(0.5, 0.999)).step()
    assert torch.equal(one, two)


def test_linear_layers_when_asked():
    weight = nn.Parameter(torch.zeros(2, 4))
    weight.grad = torch.tensor([[1.0, 1.0, 1.0, 5.0], [2.0, 2.0, 2.0, 2.0]])
    GradientCentralizedAdam([weight], convolutions_only=False).step()
    assert weight.grad.tolist() == [[-1.0, -1.0, -1.0, 3.0], [0.0, 0.0, 0.0, 0.0]]
    assert torch.equal(weight[1], torch.zeros(4))


def test_the_mean_of_a_filter_stays():
    layer = nn.Conv2d(3, 4, 3)
    before = layer.weight.mean((1, 2, 3)).clone()
    optimizer = torch.optim.SGD  # the property holds exactly where steps are proportional to gradients
    layer(torch.rand(1, 3, 8, 8)).square().sum().backward()
    GradientCentralizedAdam(layer.parameters(), lr=0.0).step()
    optimizer(layer.parameters(), lr=0.1).step()
    torch.testing.assert_close(layer.weight.mean((1, 2, 3)), before, atol=1e-5, rtol=0)


def test_a_closure_computes_the_gradients():
    layer = nn.Conv2d(3, 4, 3)
    optimizer = GradientCentralizedAdam(layer.parameters())

    def closure():
        optimizer.zero_grad()
        loss = layer(torch.ones(1, 3, 8, 8)).square().mean()
        loss.backward()
        return loss

    assert optimizer.step(closure) > 0
    torch.testing.assert_close(layer.weight.grad.mean((1, 2, 3)), torch.zeros(4), atol=1e-6, rtol=0)


def test_state_goes_through_a_checkpoint():
    layer = nn.Conv2d(3, 4, 3)
    optimizer = GradientCentralizedAdam(layer.parameters())
    layer(torch.rand(1, 3, 8, 8)).sum().backward()
    optimizer.step()
    twin = copy.deepcopy(layer)
    other = GradientCentralizedAdam(twin.parameters())
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    twin.weight.grad, twin.bias.grad = layer.weight.grad.clone(), layer.bias.grad.clone()
    optimizer.step()
    other.step()
    assert torch.equal(layer.weight, twin.weight)

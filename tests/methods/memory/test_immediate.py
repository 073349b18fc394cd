"""Gradients computed at once are those of one backward pass, and hooks, scales and sums see nothing of it."""

import pytest
import torch

from hdrgen.methods.cevr import loss, module
from hdrgen.methods.immediate import differentiated
from tests.methods.test_cevr import batch_of, quiet


def whole(loss, _, *tensors):
    """In one graph."""
    return loss(*tensors)


def two_losses(known):
    torch.manual_seed(0)
    x = torch.randn(4, 3, dtype=torch.float64)
    a, b = torch.nn.Linear(3, 5).double(), torch.nn.Linear(5, 2).double()
    make = differentiated if known else whole

    def first(features):
        return (b(features).square().sum(),)

    def both():
        features = a(x).tanh()
        deeper = features.sin()
        (part,) = make(lambda one, two: first(one + two), b.parameters(), features, deeper)
        return 3 * part + b(deeper).abs().sum(), part

    total, _ = make(both, [*a.parameters(), *b.parameters()])
    return total, [*a.parameters(), *b.parameters()]


def test_gradients_through_two_parts_are_those_of_the_whole():
    (total, parameters), (other, expected) = two_losses(True), two_losses(False)
    assert total == other
    (0.5 * total).backward()
    (0.5 * other).backward()
    for one, other in zip(parameters, expected, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-12, atol=0)


def test_hooks_of_parameters_run_once_and_in_the_outer_pass():
    """As DistributedDataParallel's do, which reduce what is complete."""
    weight = torch.ones(2, requires_grad=True)
    calls = []
    weight.register_post_accumulate_grad_hook(lambda parameter: calls.append(parameter.grad.clone()))
    total = differentiated(lambda: (weight.square().sum(),), [weight])[0]
    total = total + differentiated(lambda: (weight.sum(),), [weight])[0]
    assert not calls
    total.backward()
    assert torch.equal(torch.stack(calls), torch.full((1, 2), 3.0))


def test_inputs_that_share_a_gradient_and_one_without():
    a, b, unused = (torch.ones((), requires_grad=True) for _ in range(3))
    (2 * differentiated(lambda: (a + b,), [a, b, unused])[0]).backward()
    assert (a.grad, b.grad, unused.grad) == (2, 2, None)


def test_without_gradients_it_is_the_loss_itself():
    weight = torch.ones(3, requires_grad=True)
    kept = weight.sum()
    with torch.no_grad():
        assert differentiated(lambda: (kept,), [weight])[0] is kept


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps", "xpu"])
def test_in_float16_a_gradient_waits_for_the_scale_on_every_device(device):
    """1e-9 is less than half of the smallest float16; what is not there need not be there to be in its autocast."""
    weight = torch.ones(3, requires_grad=True)
    torch.set_autocast_enabled(device, True)
    torch.set_autocast_dtype(device, torch.float16)
    try:
        (part,) = differentiated(lambda: ((1e-9 * weight.half().float()).sum(),), [weight])
    finally:
        torch.set_autocast_enabled(device, False)
        torch.set_autocast_dtype(device, torch.bfloat16 if device == "cpu" else torch.float16)
    (2.0**16 * part).backward()
    torch.testing.assert_close(weight.grad / 2**16, torch.full((3,), 1e-9), rtol=1e-2, atol=0)


@pytest.mark.parametrize("precision", [None, torch.bfloat16])
@pytest.mark.parametrize("arguments", [{}, {"cycle_weight": 0.0}, {"mean_loss": True}], ids=str)
def test_cevr_learns_what_one_graph_teaches(monkeypatch, arguments, precision):
    def learnt():
        model = quiet(**arguments)
        with torch.autocast("cpu", precision or torch.bfloat16, enabled=precision is not None):
            total = model.training_step(batch_of(), 0)
        total.backward()
        return total.detach(), model

    found, model = learnt()
    monkeypatch.setattr(loss, "differentiated", whole)
    monkeypatch.setattr(module, "differentiated", whole)
    expected, other_model = learnt()
    assert found == expected
    largest = max(float(parameter.grad.abs().max()) for parameter in other_model.parameters())
    for (name, one), other in zip(model.named_parameters(), other_model.parameters(), strict=True):
        apart = float((one.grad - other.grad).abs().max())
        assert apart <= (1e-6 if precision is None else 1e-2) * largest, name
    for one, other in zip(model.buffers(), other_model.buffers(), strict=True):  # of the batch normalisations
        assert torch.equal(one, other)


def test_cevr_holds_one_graph_at_a_time(monkeypatch):
    """Of the tensors that a whole step would keep, at most three fifths are kept at once."""

    class Kept:
        now = most = 0

    class Handle:
        def __init__(self, tensor):
            self.tensor, self.size = tensor, tensor.numel()
            Kept.now += self.size
            Kept.most = max(Kept.most, Kept.now)

        def __del__(self):
            Kept.now -= self.size

    def most():
        Kept.now = Kept.most = 0
        with torch.autograd.graph.saved_tensors_hooks(Handle, lambda handle: handle.tensor):
            model = quiet()
            model.training_step(batch_of(size=32), 0).backward()
        return Kept.most

    parts = most()
    monkeypatch.setattr(loss, "differentiated", whole)
    monkeypatch.setattr(module, "differentiated", whole)
    assert parts < 0.6 * most()

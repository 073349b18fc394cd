import re

import numpy as np
import pytest
import torch
from torch import nn

from hdrgen.camera import Gamma
from hdrgen.data import SelectedExposures, collate
from hdrgen.errors import InputError
from hdrgen.fusion import debevec_hat, merge_debevec
from hdrgen.methods import DeepReverseToneMapping
from hdrgen.methods.drtmo.loss import known_l1
from hdrgen.methods.drtmo.module import credible
from hdrgen.methods.drtmo.network import ExposureNetwork, LoneBatchNorm
from tests.methods.checks.formula import filled, image, parameters, statistics
from tests.methods.examples import Ramps

TINY = {"channels": (4, 6), "doublings": 1, "step": 1.0}


def test_the_papers_networks_have_their_parameters_and_make_eight_exposures():
    with torch.device("meta"):
        network = ExposureNetwork()
        assert network.eval()(torch.empty(1, 3, 512, 512)).shape == (1, 8, 3, 512, 512)
    assert parameters(network) == 174_497_795


@pytest.mark.slow
@torch.no_grad()
def test_the_papers_network_gives_the_check_values(monkeypatch):
    """Of 174 million weights, in float32."""
    monkeypatch.setattr(nn.init, "normal_", lambda parameter, **_: parameter)
    network = filled(ExposureNetwork(), 1.0).float()
    network.encoder[-1][1].num_batches_tracked.fill_(1)
    made = network(image(0, 3, 512, 512).float())
    assert made.mean().item() == pytest.approx(0.625313, abs=1e-5)
    assert made.std(correction=0).item() == pytest.approx(0.165280, abs=1e-5)
    first, last = [0.594823, 0.166995, 0.749421, 0.52872, 0.49803], [0.629586, 0.163075, 0.589695, 0.384858, 0.371058]
    assert statistics(made[:, 0]) == pytest.approx(first, abs=1e-5)
    assert statistics(made[:, 7]) == pytest.approx(last, abs=1e-5)


def normalised(x, norm):
    """Batch normalisation by its running statistics, channels first."""
    mean, var, factor, shift = (
        getattr(norm, name).detach().numpy().reshape(-1, *[1] * (x.ndim - 1))
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / np.sqrt(var + 2e-5) * factor + shift


def convolved(x, layer):
    """4 x 4, every second pixel, written as the sum over its taps."""
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    height, width = x.shape[1] // 2, x.shape[2] // 2
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    taps = [(i, j, padded[:, i : i + 2 * height : 2, j : j + 2 * width : 2]) for i in range(4) for j in range(4)]
    return bias[:, None, None] + sum(np.einsum("oc,chw->ohw", weight[:, :, i, j], part) for i, j, part in taps)


def deconvolved(x, layer, doubles):
    """What every value adds to the taps around it, then cut by one at every side."""
    weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
    stride = (2 if doubles else 1, 2, 2)
    sides = [s * (n - 1) + k for s, n, k in zip(stride, x.shape[1:], weight.shape[2:], strict=True)]
    made = np.zeros((weight.shape[1], *sides))
    for place in np.ndindex(*x.shape[1:]):
        z, y, z_x = (s * p for s, p in zip(stride, place, strict=True))
        depth, height, width = weight.shape[2:]
        made[:, z : z + depth, y : y + height, z_x : z_x + width] += np.einsum("c,cozyx->ozyx", x[:, *place], weight)
    return made[:, 1:-1, 1:-1, 1:-1] + bias[:, None, None, None]


@torch.no_grad()
def test_a_small_network_is_that_of_numpy():
    network = filled(ExposureNetwork((4, 5, 6), 1), 1.0)
    network.encoder[-1][1].num_batches_tracked.fill_(1)
    photograph = image(0, 3, 8, 16)
    features, skips = photograph[0].numpy(), []
    for level, layers in enumerate(network.encoder):
        features = convolved(features, layers[0])
        features = normalised(features, layers[1]) if level else features
        features = np.where(features > 0, features, 0.2 * features)
        skips.append(features)
    features = skips.pop()[:, None]
    for level, layers in enumerate(network.decoder):
        features = deconvolved(features, layers[0], doubles=level == 0)
        if skips:
            skip = skips.pop()
            features = np.maximum(normalised(features, layers[1]), 0)
            features = np.concatenate([features, np.stack([skip] * features.shape[1], 1)])
    wanted = 1 / (1 + np.exp(-features - photograph[0].numpy()[:, None]))
    np.testing.assert_allclose(network(photograph)[0].numpy(), wanted.swapaxes(0, 1), rtol=1e-9)


class TestANormOfOneValue:
    def test_gives_its_shift_while_learning_and_afterwards(self):
        norm = LoneBatchNorm(2)
        nn.init.constant_(norm.bias, 0.5)
        x = torch.tensor([[[[3.0]], [[-1.0]]]], requires_grad=True)
        made = norm(x)
        made.sum().backward()
        assert made.flatten().tolist() == [0.5, 0.5]
        assert norm.weight.grad.tolist() == [0, 0]
        assert x.grad.abs().sum() == 0
        assert norm.eval()(x.detach().expand(1, 2, 2, 2)).unique().tolist() == [0.5]

    def test_is_the_usual_one_with_more(self):
        norm, usual = LoneBatchNorm(2), nn.BatchNorm2d(2)
        x = torch.rand(3, 2, 1, 1)
        torch.testing.assert_close(norm(x), usual(x))
        torch.testing.assert_close(norm.eval()(x[:1]), usual.eval()(x[:1]))


class TestWhichExposuresAreMerged:
    @pytest.mark.parametrize(
        ("values", "kept"),
        [
            ([0.1, 0.2, 0.5, 0.8, 0.9], [1, 1, 1, 1, 1]),
            ([0.1, 0.2, 0.5, 0.3, 0.9], [1, 1, 1, 1, 1]),  # 0.2 back: tolerated
            ([0.1, 0.2, 0.5, 0.2, 0.9], [1, 1, 1, 0, 0]),
            ([0.1, 0.8, 0.5, 0.8, 0.4], [0, 0, 1, 1, 0]),
            ([0.6, 0.2, 0.5, 0.8, 0.9], [0, 1, 1, 1, 1]),
        ],
    )
    def test_the_first_that_goes_astray_ends_a_side(self, values, kept):
        stack = torch.full((5, 3, 2, 2), 0.4)
        stack[:, 1, 1, 0] = torch.tensor(values)
        assert credible(stack, torch.arange(-2.0, 3.0), 64 / 255).tolist() == [bool(each) for each in kept]

    def test_others_do_not_count(self):
        ev = torch.arange(-2.0, 3.0)
        stack = (torch.rand(1, 1, 3, 8, 8) * ev.exp2().view(1, -1, 1, 1, 1)).clamp(0, 1) ** (1 / 2.2)
        wanted = merge_debevec(stack[:, :4], ev[:4], Gamma(2.2), weight=debevec_hat)
        stack[:, 4] = 0.1
        model = DeepReverseToneMapping(**TINY, response=Gamma(2.2))
        torch.testing.assert_close(model.merge(stack, ev), wanted)
        all_of_them = DeepReverseToneMapping(**TINY, response=Gamma(2.2), tolerance=None).merge(stack, ev)
        assert not torch.allclose(all_of_them, wanted)


def test_exposures_are_counted_outwards_from_the_photograph():
    model = DeepReverseToneMapping(**TINY)
    model.up.forward = lambda x: torch.stack([x + 0.1, x + 0.2], 1)
    model.down.forward = lambda x: torch.stack([x - 0.1, x - 0.2], 1)
    stack = model.expose(torch.full((1, 3, 4, 4), 0.5), torch.arange(-2.0, 3.0))
    assert stack[0, :, 0, 0, 0].tolist() == pytest.approx([0.3, 0.4, 0.5, 0.6, 0.7])
    with pytest.raises(InputError, match=r"whole multiples of 1 EV from -2 to \+2, found \+0\.5"):
        model.expose(torch.zeros(1, 3, 4, 4), torch.tensor([0.5]))


@pytest.mark.parametrize(("argument", "value"), [("doublings", 3), ("doublings", -1), ("step", 0.0)])
def test_what_no_network_can_be_is_refused(argument, value):
    with pytest.raises(InputError, match=f"found {argument}={value}") as error:
        DeepReverseToneMapping(**{**TINY, argument: value})
    assert error.value.argument == argument


def test_the_loss_is_that_of_numpy_and_what_is_unknown_adds_nothing():
    generator = np.random.default_rng(0)
    made, target = generator.random((2, 2, 4, 3, 5, 6))
    known = np.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    wanted = sum(np.abs(made[b, k] - target[b, k]).sum() for b in range(2) for k in range(4) if known[b, k]) / made.size
    found = known_l1(*(torch.tensor(x) for x in (made, target, known)))
    assert found.item() == pytest.approx(wanted, rel=1e-6)


def test_a_photograph_is_drawn_from_the_stack_and_its_neighbours_are_the_targets():
    model = DeepReverseToneMapping(**{**TINY, "doublings": 2}, dropout=0.0)
    data = SelectedExposures(Ramps(2, 16), model.exposures)
    batch = collate([data[0], data[1]])
    up, targets, known = model._side(batch, torch.tensor([1, 5]), 1)
    down, darker, known_darker = model._side(batch, torch.tensor([1, 5]), -1)
    assert known.tolist() == [[1, 1, 1, 1], [1, 0, 0, 0]]
    assert known_darker.tolist() == [[1, 0, 0, 0], [1, 1, 1, 1]]
    assert torch.equal(up, batch["ldr"][[0, 1], [1, 5]])
    assert torch.equal(down, up)
    assert torch.equal(targets[0], batch["ldr"][0, 2:6])
    assert torch.equal(darker[1], batch["ldr"][1, 1:5].flip(0))
    assert torch.equal(targets[1, 1:], torch.zeros(3, 3, 16, 16))


@pytest.mark.parametrize("ev", [(-1.0, 0.0, 1.0), (0.0,)])
def test_stacks_whose_steps_are_others_are_refused(ev):
    model = DeepReverseToneMapping(**{**TINY, "step": 0.7})
    batch = collate([Ramps(1, 16, ev=ev)[0]])
    found = re.escape(f"found EV {list(ev)}")
    with pytest.raises(InputError, match=rf"expected exposures 0\.7 EV apart or a multiple, {found}"):
        model._check(batch["ev"])

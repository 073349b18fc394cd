import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.methods import HDRUNet
from hdrgen.methods.hdrunet import ConditionedUNet
from hdrgen.methods.hdrunet.loss import tanh_loss
from hdrgen.methods.hdrunet.network import ConditionedBlock
from tests.methods.checks.formula import filled, image, parameters, statistics

TINY = {"channels": 8, "condition_channels": 4, "blocks": 1}


def test_the_paper_s_network_has_1651494_parameters():
    with torch.device("meta"):
        network = ConditionedUNet()
        block = ConditionedBlock(64, 32)
    assert parameters(network) == 1_651_494
    assert parameters(block) == 86_528
    assert parameters(network.mask) == 43_075
    assert [parameters(part) for part in (network.conditions.stem, *network.conditions.levels)] == [
        10_112,
        6_240,
        39_008,
        55_392,
    ]


@torch.no_grad()
def test_the_network_makes_what_the_authors_does_of_weights_by_formula():
    made = filled(ConditionedUNet(), gain=0.5)(image(0, 3, 48, 64))
    expected = (-0.0920254, 0.0853136, -0.294994, -0.103134, -0.129656)
    assert statistics(made) == pytest.approx(expected, abs=1e-5)


def test_the_loss_is_that_of_the_paper():
    p, q = (image(k, 3, 48, 64) for k in (0, 1))
    expected = np.abs(np.tanh(p.numpy()) - np.tanh(q.numpy())).mean()
    assert expected == pytest.approx(0.255964, abs=1e-6)
    assert tanh_loss(p, q).item() == pytest.approx(expected, rel=1e-6)


def test_radiance_is_trained_encoded(monkeypatch):
    model = HDRUNet(**TINY, gamma=2.0)
    monkeypatch.setattr(model, "log", lambda *a, **k: None)
    photograph, hdr = image(0, 3, 16, 16).float(), 9 * image(1, 3, 16, 16).float()
    batch = {"ldr": photograph[:, None], "ref": torch.zeros(1).long(), "hdr": hdr, "scene": ["a"]}
    made = model.network(photograph).detach().numpy()
    expected = np.abs(np.tanh(made) - np.tanh(np.sqrt(hdr.numpy()))).mean()
    assert model.training_step(batch, 0).item() == pytest.approx(expected, rel=1e-5)


@torch.no_grad()
def test_radiance_is_decoded_and_not_negative(monkeypatch):
    model = HDRUNet(**TINY)
    encoded = torch.tensor([-0.5, 0.0, 0.5, 1.0, 2.0]).expand(1, 3, 1, 5)
    monkeypatch.setattr(model.network, "forward", lambda image: encoded)
    expected = [0.0, 0.0, 0.5**2.24, 1.0, 2**2.24]
    np.testing.assert_allclose(model.expand(encoded)[0, 0, 0].numpy(), expected, rtol=1e-6)


@torch.no_grad()
def test_a_tile_sees_all_that_the_network_sees():
    """Three eighths of the overlap are left out on each side: a pixel so far away must change nothing."""
    network = filled(ConditionedUNet(channels=4, condition_channels=2), gain=1)
    picture = image(0, 3, 8, 400)
    other = picture.clone()
    other[..., 0] += 1
    changed = (network(other) - network(picture)).abs().amax((0, 1, 2)).nonzero().max().item()
    assert 80 < changed <= 3 * HDRUNet.overlap / 8


def test_an_impossible_gamma_or_depth_is_refused():
    with pytest.raises(InputError, match="expected a positive gamma, found 0"):
        HDRUNet(**TINY, gamma=0)
    with pytest.raises(InputError, match="expected at least one block, found 0"):
        HDRUNet(**{**TINY, "blocks": 0})

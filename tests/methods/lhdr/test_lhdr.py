import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.camera import Gamma
from hdrgen.errors import InputError
from hdrgen.methods import LHDR
from hdrgen.methods.lhdr import LegacyNetwork
from hdrgen.methods.lhdr.blocks import PartialConv
from tests.methods.checks.formula import filled, image, parameters, statistics
from tests.methods.checks.photograph import kloppenheim


def small(**arguments):
    torch.manual_seed(0)
    return LHDR(**{"channels": 8, **arguments}).eval()


def test_the_paper_s_network_has_271112_parameters():
    with torch.device("meta"):
        assert parameters(LegacyNetwork()) == 271_112


@torch.no_grad()
def test_the_network_makes_what_the_authors_does_of_weights_by_formula():
    made = filled(LegacyNetwork(), gain=1)(image(0, 3, 64, 96))
    assert statistics(made) == pytest.approx((0.0165012, 0.0248035, 0.0151389, 0.0227319, 0), abs=1e-6)


@torch.no_grad()
def test_the_authors_weights_make_what_they_make_in_the_authors_network():
    network = hdrgen.load("lhdr", device="cpu").method.network.double()
    expected = (0.189558, 0.193422, 0.0614778, 0.114582, 0.414149)
    assert statistics(network(image(0, 3, 64, 96))) == pytest.approx(expected, abs=1e-6)


@torch.no_grad()
def test_the_authors_weights_make_of_a_photograph_what_they_make_in_the_authors_network(shared):
    """The output before its power."""
    made = hdrgen.load("lhdr", device="cpu").method.network(kloppenheim(shared))
    assert statistics(made) == pytest.approx([0.0741084, 0.0433864, 0.106408, 0.0508285, 0.0445927], abs=1e-5)
    assert made.amax().item() == pytest.approx(1.068064, abs=1e-5)


@torch.no_grad()
def test_a_partial_convolution_is_an_average_over_what_the_mask_lets_through():
    layer = PartialConv(4, groups=2).double()
    features, mask = image(0, 4, 7, 9), (image(1, 4, 7, 9) > 0.6).double()
    mask[..., :4] = 0
    made, kept = layer(features, mask)
    weight, bias = layer.conv.weight.numpy(), layer.conv.bias.numpy()
    padded, seen = (np.pad(x[0].numpy(), ((0, 0), (1, 1), (1, 1))) for x in (features, mask))
    for row, column in ((0, 0), (3, 1), (3, 4), (6, 8)):
        window = (slice(row, row + 3), slice(column, column + 3))
        total = seen[(slice(None), *window)].sum()
        assert kept[0, 0, row, column] == min(total, 1)
        for out in range(4):
            of = slice(0, 2) if out < 2 else slice(2, 4)
            value = (weight[out] * (padded * seen)[(of, *window)]).sum()
            expected = value * 36 / total + bias[out] if total else 0.0
            assert made[0, out, row, column].item() == pytest.approx(expected, rel=1e-6)


def test_the_loss_compares_encoded_radiance(monkeypatch):
    model = small()
    monkeypatch.setattr(model, "log", lambda *a, **k: None)
    photograph, hdr = image(0, 3, 16, 16).float(), 9 * image(1, 3, 16, 16).float()
    batch = {"ldr": photograph[:, None], "ref": torch.zeros(1).long(), "hdr": hdr, "scene": ["a"]}
    expected = np.abs(model.network(photograph).detach().numpy() - hdr.numpy() ** 0.45).mean()
    assert model.training_step(batch, 0).item() == pytest.approx(expected, rel=1e-5)


@torch.no_grad()
def test_scales_of_the_radiance():
    display = 0.1 + 0.6 * image(0, 3, 24, 40).float()
    made = small(scale="none").expand(display)
    np.testing.assert_allclose(made.numpy(), small().network(display).numpy() ** (1 / 0.45), rtol=1e-5)
    assert small(scale="peak").expand(display).amax() == 1
    exposed = small().expand(display)
    assert exposed.mean() == pytest.approx(Gamma(2.2).inverse(display).mean().item(), rel=1e-3)


@torch.no_grad()
def test_a_tile_sees_all_that_the_network_sees():
    """Beside the tone curve's statistics, which are those of the whole: what is after it, from either side."""
    network = filled(LegacyNetwork(8), gain=1)
    picture, clipped = image(0, 3, 8, 300), image(1, 3, 8, 300)
    others = picture.clone(), clipped.clone()
    for other in others:
        other[..., 0] = 1 - other[..., 0]
    before, after = (network.base(*each) + network.detail(each[0]) for each in ((picture, clipped), others))
    changed = (after - before).abs().amax((0, 1, 2)).nonzero().max().item()
    assert 30 < changed <= 3 * LHDR.overlap / 8


def test_an_impossible_width_is_refused():
    with pytest.raises(InputError, match="expected a multiple of 8 channels, found 12"):
        LHDR(channels=12)

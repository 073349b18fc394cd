import numpy as np
import pytest
import torch

import hdrgen
from hdrgen.camera import Gamma
from hdrgen.errors import InputError
from hdrgen.methods import ExpandNet
from hdrgen.methods.expandnet import ExpansionNetwork
from hdrgen.methods.expandnet.loss import expansion_loss, stretched
from tests.methods.checks.formula import filled, image, parameters, statistics
from tests.methods.checks.photograph import kloppenheim


def small(**arguments):
    torch.manual_seed(0)
    return ExpandNet(**{"channels": 8, "global_size": 32, **arguments}).eval()


def test_the_paper_s_network_has_456899_parameters():
    with torch.device("meta"):
        network = ExpansionNetwork()
    assert parameters(network) == 456_899
    assert [parameters(part) for part in network.children()] == [75_648, 112_576, 252_032, 16_643]


@torch.no_grad()
@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((64, 64), (0.442849, 0.144963, 0.648553, 0.252132, 0.237932)),
        ((80, 112), (0.440715, 0.148825, 0.434488, 0.206161, 0.461887)),
    ],
)
def test_the_network_makes_what_the_authors_does_of_weights_by_formula(size, expected):
    made = filled(ExpansionNetwork(), gain=1)(image(0, 3, *size))
    assert statistics(made) == pytest.approx(expected, abs=1e-5)


@torch.no_grad()
def test_the_authors_weights_make_what_they_make_in_the_authors_network():
    network = hdrgen.load("expandnet", device="cpu").method.network.double()
    expected = (0.0484122, 0.073084, 0.00316506, 0.0553284, 0.00598491)
    assert statistics(network(image(0, 3, 96, 128))) == pytest.approx(expected, abs=1e-6)


@torch.no_grad()
def test_the_authors_weights_make_of_a_photograph_what_they_make_in_the_authors_network(shared):
    """The output before any stretch."""
    made = hdrgen.load("expandnet", device="cpu").method.network(kloppenheim(shared))
    assert statistics(made) == pytest.approx([0.215659, 0.180557, 0.352392, 0.0873486, 0.0676055], abs=1e-5)


def test_the_loss_is_that_of_the_paper():
    p, q = (image(k, 3, 48, 64) for k in (0, 1))
    made, truth = p.numpy()[0], q.numpy()[0]
    cosine = (made * truth).sum(0) / np.sqrt((made**2).sum(0) * (truth**2).sum(0))
    expected = np.abs(made - truth).mean() + 5 * (1 - cosine).mean()
    assert expected == pytest.approx(1.281366, abs=1e-6)
    assert expansion_loss(p, q).item() == pytest.approx(expected, rel=1e-5)
    assert np.abs(made - truth).mean() == pytest.approx(0.331686, abs=1e-6)
    assert expansion_loss(p, q, 0.0).item() == pytest.approx(0.331686, abs=1e-6)


def test_black_colours_have_a_gradient():
    made = torch.zeros(1, 3, 2, 2, requires_grad=True)
    expansion_loss(made, torch.rand(1, 3, 2, 2)).backward()
    assert made.grad.isfinite().all()


def test_targets_are_stretched_image_by_image():
    radiance = torch.stack([image(k, 3, 4, 8)[0] * 7**k + k for k in range(3)])
    expected = [(x - x.min()) / (x.max() - x.min()) for x in radiance.numpy()]
    np.testing.assert_allclose(stretched(radiance).numpy(), np.stack(expected), rtol=1e-12)
    assert stretched(torch.full((1, 3, 2, 2), 5.0)).tolist() == torch.zeros(1, 3, 2, 2).tolist()


@torch.no_grad()
def test_well_exposed_pixels_keep_the_mean_of_the_linearised_photograph():
    display = 0.1 + 0.6 * image(0, 3, 24, 40).float()
    radiance = small().expand(display)
    assert radiance.mean() == pytest.approx(Gamma(2.2).inverse(display).mean().item(), rel=1e-4)
    made = small(scale="none").expand(display)
    np.testing.assert_allclose((radiance / made).numpy(), float(radiance.mean() / made.mean()), rtol=1e-5)
    assert torch.equal(small(scale="none").expand(torch.ones(1, 3, 8, 8)), small().expand(torch.ones(1, 3, 8, 8)))


@torch.no_grad()
def test_the_response_that_is_given_linearises():
    display = 0.1 + 0.6 * image(0, 3, 24, 40).float()
    radiance = small(response=Gamma(1.0)).expand(display)
    assert radiance.mean() == pytest.approx(display.mean().item(), rel=1e-4)


@torch.no_grad()
def test_stretched_radiance_lies_between_0_and_1():
    radiance = small(scale="stretched").expand(image(0, 3, 24, 40).float())
    assert (radiance.amin().item(), radiance.amax().item()) == (0.0, 1.0)


def test_a_global_branch_of_no_power_of_2_is_refused():
    with pytest.raises(InputError, match="expected a power of 2 from 8 on, found global_size=100"):
        ExpandNet(global_size=100)


def test_scenes_that_do_not_know_their_radiance_are_refused():
    batch = {"ldr": torch.rand(1, 1, 3, 32, 32), "ev": torch.zeros(1, 1), "ref": torch.zeros(1).long(), "scene": ["a"]}
    with pytest.raises(InputError, match="a: expected scenes that know their radiance"):
        small().training_step(batch, 0)

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from hdrgen.data import SelectedExposures, collate
from hdrgen.errors import InputError
from hdrgen.methods import SingleHDR
from hdrgen.methods.single_hdr.linearisation import (
    LinearisationNetwork,
    features_of,
    slopes_of,
    soft_intervals,
)
from hdrgen.methods.single_hdr.loss import compressed, levelled, telling, variation, weighted_mean
from hdrgen.methods.single_hdr.restoration import REFINEMENT_CHANNELS, RestorationNetwork
from hdrgen.nn import FillingNetwork
from tests.methods.checks.formula import filled, image, parameters, statistics
from tests.methods.examples import EXAMPLES, Ramps

TINY = next(dict(example.arguments) for example in EXAMPLES if example.method is SingleHDR)
W = [-2.31597, -0.195931, -0.175805, 1.18522, 1.36949, -0.785351, 0.831362, -1.36117, 0.536134, 2.49751, 0.732241]


@torch.no_grad()
def test_both_restoration_networks_have_their_parameters_and_give_the_check_values():
    network, x = filled(RestorationNetwork(), 1.0), image(0, 3, 64, 96)
    assert parameters(network) == 1_999_779
    wanted = [0.587588, 0.312785, 0.646023, 0.984244, 0.0849183]
    assert statistics(x + network(x)) == pytest.approx(wanted, abs=1e-5)
    network = filled(RestorationNetwork(9, REFINEMENT_CHANNELS, bounded=False), 1.0)
    assert parameters(network) == 1_266_947
    x = torch.cat([image(k, 3, 64, 96) for k in range(3)], 1)
    wanted = [0.61955, 0.376999, 0.896975, 1.18753, -0.0609968]
    assert statistics(x[:, :3] + network(x)) == pytest.approx(wanted, abs=1e-5)


@torch.no_grad()
def test_the_linearisation_network_has_its_parameters_and_gives_the_check_coefficients():
    network, x = filled(LinearisationNetwork(), 1.0), image(0, 3, 128, 128)
    assert parameters(network) == 1_200_971
    seen = features_of(x)
    assert (float(seen.mean()), float(seen.std(correction=0))) == pytest.approx((0.103026, 0.341066), abs=1e-6)
    assert network.coefficients(x)[0].tolist() == pytest.approx(W, abs=1e-5)


@torch.no_grad()
def test_the_basis_of_emor_gives_the_check_curves(shared):
    network = LinearisationNetwork(4, shared / "data/crf/invemor.txt")
    plain, bent = network.curve(torch.tensor([[0.0] * 11, W]))
    wanted = [0, 0.00147726, 0.111673, 0.248952, 0.469994, 0.994152, 1]
    assert plain[[0, 1, 255, 511, 767, 1022, 1023]].tolist() == pytest.approx(wanted, abs=1e-6)
    wanted = [0.247537, 0.498036, 0.746275, 0.999469]
    assert bent[[255, 511, 767, 1022]].tolist() == pytest.approx(wanted, abs=1e-5)
    with pytest.raises(InputError, match=r"emor\.txt: expected inverse EMoR curves .* pass invemor\.txt"):
        LinearisationNetwork(4, shared / "data/crf/emor.txt")


@pytest.mark.slow
@torch.no_grad()
def test_the_hallucination_network_has_its_parameters_and_gives_the_check_values():
    network = filled(FillingNetwork(log_skips=False, resized=True), 1.0)
    assert parameters(network) == 24_569_118
    wanted = [-4.92032, 0.530073, -4.5897, -5.99264, -4.55866]
    assert statistics(network(image(0, 3, 64, 96))) == pytest.approx(wanted, abs=2e-5)


def test_all_four_networks_have_the_papers_parameters():
    with torch.device("meta"):
        assert parameters(SingleHDR(pretrained=False)) == 29_036_815


@torch.no_grad()
def test_any_coefficients_give_a_curve_that_rises_from_0_to_1():
    curves = LinearisationNetwork(4).curve(3 * torch.randn(50, 11, generator=torch.Generator().manual_seed(0)))
    assert (curves[:, 0] == 0).all()
    assert (curves[:, -1] == 1).all()
    assert float(curves.diff().min()) > -1e-6


def test_slopes_and_soft_intervals_are_those_of_scipy_and_numpy():
    x = image(0, 3, 6, 7)
    slopes = slopes_of(x)[0]
    for channel, plane in enumerate(x[0].numpy()):
        for axis in (0, 1):
            wanted = correlate1d(plane, [-1, 0, 1], axis, mode="mirror")
            wanted = correlate1d(wanted, [1, 2, 1], 1 - axis, mode="mirror")
            np.testing.assert_allclose(slopes[2 * channel + axis].numpy(), wanted, atol=1e-12)
    found = soft_intervals(x, 4)[0].numpy().reshape(5, 3, 6, 7)
    ends = np.arange(5).reshape(5, 1, 1, 1) / 4
    np.testing.assert_allclose(found, np.maximum(0, 1 - 4 * np.abs(x[0].numpy() - ends)), atol=1e-12)


def test_the_logarithm_of_the_loss_is_that_of_the_anchor_and_the_rest_that_of_numpy():
    p, q = image(0, 3, 48, 64), image(1, 3, 48, 64)
    assert float((compressed(p) - compressed(q)).abs().mean()) == pytest.approx(0.279167, abs=1e-6)
    plane = p[0].numpy()
    wanted = np.abs(np.diff(plane, axis=1)).mean() + np.abs(np.diff(plane, axis=2)).mean()
    assert float(variation(p)[0]) == pytest.approx(wanted, rel=1e-6)
    np.testing.assert_allclose(levelled(p)[0].numpy(), plane * 0.5 / plane.mean(), rtol=1e-6)
    assert float(weighted_mean(torch.tensor([[2.0, 4.0], [7.0, 9.0]]), torch.tensor([1.0, 0.0]))) == 1.5


def test_photographs_that_are_mostly_white_or_black_are_not_learnt_from():
    shares = torch.linspace(0, 1, 100).expand(3, 1, 1, 100)
    photographs = torch.stack([shares[0], (shares[0] > 0.4).float(), (shares[0] < 0.4) * 0.5], 0).expand(3, 3, 1, 100)
    assert telling(photographs).tolist() == [1, 0, 0]


@torch.no_grad()
def test_parts_are_used_alone():
    torch.manual_seed(0)
    model, x = SingleHDR(**TINY, until="refinement").eval(), torch.rand(1, 3, 8, 8)
    made = model.steps(x)
    for part in ("linearisation", "hallucination", "refinement"):
        model.until = part
        torch.testing.assert_close(model.expand(x), made[part].clamp_min(0))
    assert float(made["linearisation"].max()) <= 1
    clean, curve = model.dequantised(x)[0].numpy(), model.linearisation(model.dequantised(x))[0].numpy()
    wanted = np.interp(clean, np.linspace(0, 1, 1024), curve)
    np.testing.assert_allclose(made["linearisation"][0].numpy(), wanted, atol=1e-5)


@pytest.mark.parametrize("stage", ["dequantisation", "linearisation", "hallucination", "joint"])
def test_a_stage_trains_its_network_alone_and_the_last_one_all(stage):
    torch.manual_seed(0)
    model = SingleHDR(**TINY, stage=stage)
    model.setup("fit")
    data = SelectedExposures(Ramps(2, 32), model.exposures)
    torch.stack(list(model.losses(collate([data[0], data[1]])).values())).sum().backward()
    trained = {name for name, part in model.named_children() if any(p.grad is not None for p in part.parameters())}
    every = {"dequantisation", "linearisation", "hallucination", "refinement"}
    assert trained == (every if stage == "joint" else {stage})
    assert model.until == {"joint": "refinement", "dequantisation": "linearisation"}.get(stage, stage)


def test_scenes_without_a_known_response_are_refused_but_for_the_joint_stage():
    batch = {"ldr": torch.rand(1, 1, 3, 8, 8), "ref": torch.zeros(1, dtype=torch.long), "scene": ["a"]}
    batch["hdr"] = torch.rand(1, 3, 8, 8)
    with pytest.raises(InputError, match="a: expected scenes that know their response"):
        SingleHDR(**TINY).losses(batch)
    assert set(SingleHDR(**TINY, stage="joint").eval().losses(batch)) == {"joint"}

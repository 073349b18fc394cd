import numpy as np
import pytest
import torch

from hdrgen.errors import InputError
from hdrgen.losses import PerceptualLoss
from hdrgen.methods import Santos2020
from hdrgen.methods.santos2020 import MaskedNetwork
from hdrgen.methods.santos2020.holes import random_holes
from hdrgen.methods.santos2020.loss import (
    feature_distances,
    gram,
    masked_log_distance,
    seen_by_vgg,
    variation_in_holes,
)
from hdrgen.methods.santos2020.network import MaskedConvolution
from hdrgen.nn import VGGFeatures
from tests.methods.checks.formula import filled, image, parameters, statistics

TINY = {"channels": (4, 6), "first_bias": 1.0, "perceptual_weight": 0.0, "style_weight": 0.0}


def batch(side=32):
    """Two photographs, half of whose pixels are clipped."""
    hdr = 2 * torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0))
    return {
        "ldr": hdr.clamp(0, 1).sqrt()[:, None],
        "ref": torch.zeros(2, dtype=torch.long),
        "hdr": hdr,
        "scene": ["a", "b"],
    }


@torch.no_grad()
def test_the_network_has_the_size_and_the_outputs_of_the_authors():
    network, photograph = filled(MaskedNetwork(), 1.0), image(0, 3, 128, 128)
    assert parameters(network) == 25_770_964
    mask = ((1 - photograph) / 0.05).clamp(0, 1)
    output = statistics(network(photograph, mask))
    assert output == pytest.approx([-0.306692, 0.668554, -1.13687, -0.42404, 0.957242], abs=1e-4)
    output = statistics(filled(network, 2.0)(photograph, mask))
    assert output == pytest.approx([-1.005737, 2.547651, -2.395409, -0.163682, 2.274287], abs=1e-4)
    features = (photograph - network.mean) / network.std
    for down, wanted in zip(network.downs, ([0.949943, 0.0900105], [0.92262, 0.134426]), strict=False):
        features, mask = down(features, mask)
        assert statistics(mask)[:2] == pytest.approx(wanted, abs=1e-5)


def test_a_masked_convolution_in_numpy():
    torch.manual_seed(0)
    layer = MaskedConvolution(2, 1, 3, padding=0).double()
    features, mask = torch.rand(2, 1, 2, 3, 3, dtype=torch.float64)
    weight = layer.weight.detach().numpy()[0]
    made, trusted = layer(features, mask)
    wanted = (weight * features.numpy()[0] * mask.numpy()[0]).sum() + layer.bias.item()
    assert made.item() == pytest.approx(wanted)
    assert trusted.item() == pytest.approx((abs(weight) * mask.numpy()[0]).sum() / (abs(weight).sum() + 1e-6))
    assert not trusted.requires_grad


def test_the_loss_of_logarithms_in_numpy():
    y, truth, mask = 20 * image(0, 3, 16, 16) - 5, 9 * image(1, 3, 16, 16), image(2, 3, 16, 16)
    wanted = np.abs((1 - mask.numpy()) * (np.clip(y.numpy(), 0, 10) - np.log(truth.numpy() + 1))).mean()
    assert masked_log_distance(y, truth, mask).item() == pytest.approx(wanted, rel=1e-5)


def test_content_and_style_in_numpy():
    first, second = image(0, 3, 8, 8), image(1, 3, 8, 8)

    def maps(x):
        return [x, x[:, :2, ::2] ** 2]

    def product(x):
        return np.einsum("chw,dhw->cd", x, x) / x.size

    pairs = [(a[0].numpy(), b[0].numpy()) for a, b in zip(maps(first), maps(second), strict=True)]
    content, style = feature_distances(maps, first, second)
    assert content.item() == pytest.approx(sum(np.abs(a - b).mean() for a, b in pairs), rel=1e-5)
    assert style.item() == pytest.approx(sum(np.abs(product(a) - product(b)).mean() for a, b in pairs), rel=1e-4)
    np.testing.assert_allclose(gram(first)[0].numpy(), product(first[0].numpy()), rtol=1e-5)


def test_what_vgg_sees_in_numpy():
    radiance, truth = 100 * image(0, 3, 8, 8), 30 * image(1, 3, 8, 8)
    wanted = np.log(1 + 500 * np.clip(radiance.numpy(), 0, 50) / truth.numpy().max()) / np.log(501)
    np.testing.assert_allclose(seen_by_vgg(radiance, truth).numpy(), wanted, rtol=1e-5)


def test_features_teach_only_what_is_over_exposed(monkeypatch):
    """Gradients flow, where in the authors' public class none do."""
    torch.manual_seed(0)
    trunk = VGGFeatures(16, ("pool1",))
    monkeypatch.setattr("hdrgen.losses.perceptual.pretrained_vgg", lambda *_: trunk)
    model = Santos2020(channels=(4, 6), first_bias=1.0, log_weight=0.0)
    model.setup("fit")
    assert isinstance(model.perceptual, PerceptualLoss)
    terms = model.losses(batch())
    assert list(terms) == ["log", "perceptual", "style"]
    sum(terms.values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in model.parameters())
    dark = batch()
    dark["ldr"] = dark["ldr"].clamp(0, 0.9)
    assert all(term.item() == 0 for term in model.losses(dark).values())


@torch.no_grad()
def test_what_is_not_over_exposed_is_squared():
    model, photograph = Santos2020(**TINY).eval(), batch()["ldr"][:, 0]
    made, well = model.expand(photograph), photograph < 0.95
    torch.testing.assert_close(made[well], photograph[well] ** 2)
    y = model.network(photograph, model.trusted(photograph))
    clipped = photograph == 1
    torch.testing.assert_close(made[clipped], y.clamp(0, 10)[clipped].exp() - 1)


def test_the_pretraining_fills_holes_which_depend_on_the_step_alone():
    model, scenes = Santos2020(**TINY, stage="inpainting"), batch(64)
    terms = model.filling_losses(scenes)
    assert list(terms) == ["valid", "hole", "variation"]
    again = model.filling_losses(scenes)
    assert all(torch.equal(terms[name], again[name]) for name in terms)
    sum(terms.values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_holes():
    """Of many masks, each has some; the mean share of what is left neither vanishes nor is all."""
    masks = torch.stack([random_holes(48, 64, torch.Generator().manual_seed(seed)) for seed in range(8)])
    assert masks.shape == (8, 1, 48, 64)
    assert set(masks.unique().tolist()) == {0, 1}
    assert (masks.mean((1, 2, 3)) < 1).all()
    assert 0.1 < masks.mean() < 0.9


def test_variation_counts_near_holes_alone():
    picture, mask = torch.zeros(1, 3, 9, 9), torch.ones(1, 3, 9, 9)
    picture[..., 5] = 1
    assert variation_in_holes(picture, mask).item() == 0
    mask[..., 3, 5] = 0  # with what is beside it: rows 2 to 4, columns 4 to 6
    assert variation_in_holes(picture, mask).item() == pytest.approx(3 * 2 / (9 * 8))


@pytest.mark.parametrize("arguments", [{"threshold": 0.0}, {"channels": ()}, {"channels": (4, 0)}])
def test_settings_that_mean_nothing(arguments):
    with pytest.raises(InputError, match="expected a "):
        Santos2020(**TINY | arguments)

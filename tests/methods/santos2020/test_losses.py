"""The weighted terms of both trainings, in NumPy and SciPy beside what the network makes."""

import numpy as np
import pytest
import torch
from scipy.ndimage import maximum_filter

from hdrgen.methods import Santos2020
from tests.methods.checks.trunk import ToyTrunk
from tests.methods.santos2020.test_santos2020 import batch


@pytest.fixture
def trunk(monkeypatch):
    trunk = ToyTrunk()
    monkeypatch.setattr("hdrgen.losses.perceptual.pretrained_vgg", lambda *_: trunk)
    return trunk


def trained(stage):
    torch.manual_seed(0)
    model = Santos2020(channels=(4, 6), first_bias=1.0, stage=stage).eval()
    model.setup("fit")
    return model


def style(trunk, images, others):
    """Mean absolute differences of the products of all channels, of both maps together."""

    def products(image):
        return [np.einsum("chw,dhw->cd", maps, maps) / maps.size for maps in trunk.in_numpy(image)]

    pairs = zip(images, others, strict=True)
    apart = [[np.abs(a - b).mean() for a, b in zip(*map(products, pair), strict=True)] for pair in pairs]
    return np.mean(apart, axis=0).sum()


@torch.no_grad()
def test_radiance_is_learnt_by_6_logarithms_1_content_and_120_style(trunk):
    model, scenes = trained("hdr"), batch()
    photograph, radiance = scenes["ldr"][:, 0], scenes["hdr"].double().numpy()
    mask = 1 - np.clip((photograph.double().numpy() - 0.95) / 0.05, 0, 1)
    y = np.clip(model.network(photograph, torch.from_numpy(mask).float()).double().numpy(), 0, 10)
    composed = mask * radiance + (1 - mask) * (np.exp(y) - 1)
    largest = radiance.max((1, 2, 3), keepdims=True)
    seen = [np.log(1 + 500 * np.clip(image, 0, 50) / largest) / np.log(501) for image in (composed, radiance)]
    wanted = {
        "log": 6 * np.abs((1 - mask) * (y - np.log(radiance + 1))).mean(),
        "perceptual": trunk.distance(*seen),
        "style": 120 * style(trunk, *seen),
    }
    found = {name: term.item() for name, term in model.losses(scenes).items()}
    assert found == pytest.approx(wanted, rel=1e-3)


@torch.no_grad()
def test_holes_are_filled_by_1_valid_6_hole_a_tenth_of_variation_a_twentieth_of_content_and_120_style(
    trunk, monkeypatch
):
    model, scenes = trained("inpainting"), batch()
    holes = torch.ones(1, 32, 32)
    holes[:, 5:14, 20:24] = holes[:, 28:, :9] = 0
    monkeypatch.setattr("hdrgen.methods.santos2020.module.random_holes", lambda *_: holes)
    photograph, mask = scenes["ldr"][:, 0], np.broadcast_to(holes.double().numpy(), (2, 3, 32, 32))
    made = model.network(photograph, holes.expand(2, 3, -1, -1)).double().numpy()
    image = photograph.double().numpy()
    error, composed = np.abs(made - image), mask * image + (1 - mask) * made
    near = maximum_filter(1 - mask, (1, 1, 3, 3), mode="constant")
    across = (np.abs(np.diff(composed, axis=3)) * near[..., 1:] * near[..., :-1]).mean()
    along = (np.abs(np.diff(composed, axis=2)) * near[:, :, 1:] * near[:, :, :-1]).mean()
    wanted = {
        "valid": (mask * error).mean(),
        "hole": 6 * ((1 - mask) * error).mean(),
        "variation": 0.1 * (across + along),
        "perceptual": 0.05 * trunk.distance(composed, image),
        "style": 120 * style(trunk, composed, image),
    }
    found = {name: term.item() for name, term in model.filling_losses(scenes).items()}
    assert found == pytest.approx(wanted, rel=1e-3)

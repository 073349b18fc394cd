"""The loss of each stage, in NumPy and SciPy beside what the networks make."""

import numpy as np
import pytest
import torch

from hdrgen.methods import SingleHDR
from tests.methods.checks.trunk import ToyTrunk
from tests.methods.examples import EXAMPLES

TINY = next(dict(example.arguments) for example in EXAMPLES if example.method is SingleHDR)
LEVELS = np.linspace(0, 1, 1024)
CAFFE = 57.6
"""255 times ImageNet's mean deviation: by so much features of Caffe's VGG are larger than those of [0, 1]."""
TOLD = np.array([1, 1, 0])
"""Which photographs of `scenes` count."""


@pytest.fixture
def scenes():
    """Three photographs by a camera whose inverse response is a power of 2; the last one is mostly white."""
    radiance = 1.5 * torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    radiance[2, ..., :12] = 2
    clipped = radiance.clamp(0, 1)
    return {
        "ldr": (255 * clipped.sqrt()).round()[:, None] / 255,
        "ref": torch.zeros(3, dtype=torch.long),
        "hdr": radiance,
        "scene": ["a", "b", "c"],
        "inverse_response": (torch.linspace(0, 1, 1024) ** 2).expand(3, -1),
    }


@pytest.fixture
def trunk(monkeypatch):
    trunk = ToyTrunk()
    monkeypatch.setattr("hdrgen.losses.perceptual.pretrained_vgg", lambda *_: trunk)
    return trunk


def trained(stage, **arguments):
    torch.manual_seed(0)
    model = SingleHDR(**{**TINY, "stage": stage, **arguments}).eval()
    model.setup("fit")
    return model


def counted(errors):
    """The mean over all images, of which those that do not count add nothing."""
    return (TOLD * errors.reshape(3, -1).mean(1)).mean()


def terms_of(model, scenes):
    return {name: term.item() for name, term in model.losses(scenes).items()}


def arrays(*images):
    return [image.detach().double().numpy() for image in images]


def logarithm(radiance):
    return np.log(1 + 10 * radiance) / np.log(11)


@torch.no_grad()
def test_dequantisation_learns_by_squares(scenes):
    model, photograph = trained("dequantisation"), scenes["ldr"][:, 0]
    image, added, radiance = arrays(photograph, model.dequantisation(photograph), scenes["hdr"])
    wanted = counted((np.clip(image + added, 0, 1) - np.sqrt(np.clip(radiance, 0, 1))) ** 2)
    assert terms_of(model, scenes) == {"dequantisation": pytest.approx(wanted, rel=1e-4)}


@torch.no_grad()
def test_linearisation_learns_by_squares_of_the_image_and_a_tenth_of_those_of_the_curve(scenes):
    model = trained("linearisation")
    clipped = np.clip(scenes["hdr"].double().numpy(), 0, 1)
    clean = np.interp(clipped, LEVELS**2, LEVELS)
    (curves,) = arrays(model.linearisation(torch.from_numpy(clean).float()))
    made = np.stack([np.interp(one, LEVELS, curve) for one, curve in zip(clean, curves, strict=True)])
    image, curve = counted((made - clipped) ** 2), 0.1 * counted((curves - LEVELS**2) ** 2)
    wanted = {"linearisation": pytest.approx(image, rel=1e-3), "curve": pytest.approx(curve, rel=1e-3)}
    assert terms_of(model, scenes) == wanted


@torch.no_grad()
def test_hallucination_learns_by_logarithms_their_variation_and_their_features(scenes, trunk):
    model = trained("hallucination", perceptual_weight=0.001, pretrained=False)
    clipped = scenes["hdr"].clamp(0, 1)
    linear, filling, radiance = arrays(clipped, model.hallucination(clipped), scenes["hdr"])
    over = np.clip((linear.max(1, keepdims=True) - 1 + 0.12) / 0.12, 0, 1)
    made, truth = logarithm(linear + over * np.maximum(filling, 0)), logarithm(radiance)
    rows, columns = (np.abs(np.diff(made, axis=axis)).reshape(3, -1).mean(1) for axis in (2, 3))
    kept = TOLD.reshape(3, 1, 1, 1)
    wanted = {
        "hallucination": pytest.approx(counted(np.abs(made - truth)), rel=1e-4),
        "variation": pytest.approx(0.1 * counted(rows + columns), rel=1e-4),
        "perceptual": pytest.approx(0.001 * CAFFE * trunk.distance(made * kept, truth * kept), rel=1e-4),
    }
    assert terms_of(model, scenes) == wanted


@torch.no_grad()
def test_all_of_them_learn_by_logarithms_of_images_whose_mean_is_a_half(scenes):
    model = trained("joint")
    made, truth = arrays(model.steps(scenes["ldr"][:, 0])["refinement"], scenes["hdr"])
    levelled = [logarithm(0.5 * each / each.mean((1, 2, 3), keepdims=True)) for each in (made, truth)]
    assert terms_of(model, scenes) == {"joint": pytest.approx(counted(np.abs(levelled[0] - levelled[1])), rel=1e-4)}


def test_the_papers_weights_are_the_defaults():
    with torch.device("meta"):
        model = SingleHDR(pretrained=False)
    assert (model.curve_weight, model.variation_weight, model.perceptual_weight) == (0.1, 0.1, 0.001)

"""The curve of a photograph from how colours mix at its edges."""

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate

from hdrgen.camera import Gamma, Sigmoid
from hdrgen.errors import InputError
from hdrgen.methods import InverseCamera
from hdrgen.methods.inverse_camera.curve import CurveFamily, response_of
from hdrgen.methods.inverse_camera.edges import FEATURES, MixingEvidence, line_distances, profiles_of
from hdrgen.methods.inverse_camera.loss import curve_loss
from tests.methods.inverse_camera.steps import trained_by_a_step
from tests.methods.test_inverse_camera import TINY

LEVELS = torch.linspace(0, 1, 256)


def tiles(seed=0, side=96):
    """Radiance `(1, 3, H, W)` of coloured tiles, whose edges an optical system blurs."""
    colours = torch.rand(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed)).square() + 0.02
    return avg_pool2d(interpolate(colours, (side, side)), 3, 1, 1, count_include_pad=False)


def taken(curve, radiance):
    """The photograph, with 8 bits, by the camera of an inverse response `(256,)`."""
    return (255 * response_of(curve[None])(radiance)).round() / 255


def test_a_blend_is_on_the_line_of_the_curve_that_it_was_blended_by():
    a, b = torch.tensor([[[20, 200, 30]]]), torch.tensor([[[220, 40, 90]]])
    middle = torch.tensor([[[120, 120, 60]]])
    assert float(line_distances(LEVELS[None], a, middle, b).abs().max()) < 1e-6


def test_the_distance_of_another_curve_is_that_of_least_squares():
    codes = torch.tensor([[[20, 200, 30]], [[130, 110, 70]], [[220, 40, 90]]])
    found = line_distances(LEVELS[None] ** 2.2, *codes[:, None])[0, 0, 0]
    a, p, b = (each.numpy().reshape(3) for each in codes)
    curve = (np.arange(256) / 255) ** 2.2
    slope = np.concatenate([[0], (curve[2:] - curve[:-2]) * 255 / 2, [0]])
    way, to = (curve[b] - curve[a]) / slope[p], (curve[p] - curve[a]) / slope[p]
    share = np.linalg.lstsq(way[:, None], to, rcond=None)[0][0]
    noise = np.sqrt(1 + ((1 - share) * slope[a] / slope[p]) ** 2 + (share * slope[b] / slope[p]) ** 2)
    np.testing.assert_allclose(found.numpy(), (to - share * way) / noise, rtol=1e-3, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("index", [0, 20, 40])
def test_the_evidence_is_for_the_curve_that_the_photograph_was_taken_with(index):
    evidence = MixingEvidence()
    true = evidence.candidates[index]
    energies = evidence.energies(*profiles_of(taken(true, tiles())))
    for each in energies:
        told = evidence.candidates[each[0].argmin()]
        assert float(curve_loss(told[None], true[None])) < 0.05
        mean = CurveFamily()(torch.zeros(1, 8))[0]
        assert float(curve_loss(mean[None], true[None])) > 0.1


@torch.no_grad()
def test_grey_edges_and_plain_areas_tell_nothing():
    grey = taken(Gamma(2.2).inverse(LEVELS), tiles()[:, :1].expand(-1, 3, -1, -1))
    for image in (grey, torch.full((1, 3, 40, 50), 0.4), torch.ones(1, 3, 3, 2)):
        profiles, found = profiles_of(image)
        assert profiles.shape == (1, 384, 5, 3)
        assert float(found.sum()) == 0
        features, enough = MixingEvidence()(image)
        assert features.shape == (1, FEATURES)
        assert torch.isfinite(features).all()
        assert float(enough) == 0


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (4, 9), (96, 256), (70, 520), (600, 40)])
def test_small_pictures_are_looked_at_once_and_tell_what_they_tell_a_program_of_fixed_shapes(size, monkeypatch):
    image = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0))
    image[1] = (image[1] * 6).round() / 6
    eager = profiles_of(image)
    monkeypatch.setattr("torch.compiler.is_compiling", lambda: True)
    for found, expected in zip(eager, profiles_of(image), strict=True):
        assert torch.equal(found, expected)


@torch.no_grad()
def test_what_edges_tell_does_not_depend_on_the_order_of_channels_or_the_side_of_the_picture():
    image, evidence = taken(Sigmoid(0.9, 0.6).inverse(LEVELS), tiles(1)), MixingEvidence()
    expected = evidence(image)[0]
    for other in (image[:, [2, 0, 1]], image.flip(-1), image.transpose(-1, -2)):
        torch.testing.assert_close(evidence(other)[0], expected, atol=1e-3, rtol=1e-3)


def test_only_what_edges_tell_is_trained():
    model = InverseCamera(**TINY, curve_from="edges", part="curve")
    torch.nn.init.normal_(model.network.of_edges[-1].weight, std=0.3)
    assert trained_by_a_step(model) == {name for name, _ in model.named_parameters() if ".of_edges." in name}


@torch.no_grad()
def test_the_share_of_edges_lies_between_the_picture_and_what_edges_tell(tmp_path):
    torch.manual_seed(0)
    picture = InverseCamera(**TINY)
    torch.nn.init.normal_(picture.network.to_curve.weight, std=0.5)
    file = tmp_path / "picture.ckpt"
    torch.save({"state_dict": picture.state_dict(), "hyper_parameters": {}}, file)
    image = taken(Gamma(1.8).inverse(LEVELS), tiles(2))
    curves = {}
    for share in (0.0, 0.5, 1.0):
        model = InverseCamera(**TINY, curve_from="edges", edge_share=share, initial_weights=str(file)).eval()
        model.setup("fit")
        curves[share] = model.estimate(image).curve
    torch.testing.assert_close(curves[0.0], picture.eval().estimate(image).curve)
    mean = Sigmoid(0.9, 0.6).inverse(LEVELS)
    torch.testing.assert_close(curves[1.0][0], mean, atol=1e-5, rtol=0)
    steps = [curves[share].diff().clamp_min(1e-9).log() for share in (0.0, 0.5, 1.0)]
    between = torch.softmax((steps[0] + steps[2]) / 2, -1)
    torch.testing.assert_close(curves[0.5].diff(), between, atol=1e-5, rtol=0)


def test_shares_and_networks_that_cannot_be_are_said():
    with pytest.raises(InputError, match=r"edge_share from 0 to 1, found 2"):
        InverseCamera(**TINY, edge_share=2.0)
    with pytest.raises(InputError, match="whose curve comes from edges"):
        InverseCamera(**TINY).network.curve_by_edges(torch.rand(1, 3, 8, 8))
